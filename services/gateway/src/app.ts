import { gatewayDocument } from '@faultline/contracts'
import {
  type AppTelemetry,
  authenticated,
  createServiceApp,
  type Shedding,
  type SigningKeys,
  type TokenVerifier,
} from '@faultline/service-kit'
import type Koa from 'koa'
import type { Middleware } from 'koa'
import type { Sessions } from './domain/sessions.ts'
import {
  admitSignIns,
  clientAddressReader,
  createRateLimits,
  limitAddress,
  limitUser,
  type RateLimits,
  type RateLimitsOptions,
} from './rate-limits.ts'
import { type Protect, passThroughRoutes, type Upstream } from './routes/pass-through.ts'
import { asProblem, sessionRoutes } from './routes/sessions.ts'

export interface AppDependencies {
  telemetry: AppTelemetry
  /** The services behind the gateway, whose operations are public. */
  upstreams: readonly Upstream[]
  identity: { sessions: Sessions; keys: Pick<SigningKeys, 'keySet'>; verifier: TokenVerifier }
  rateLimits?: Omit<RateLimitsOptions, 'register' | 'logger'>
  /** Addresses and networks whose `X-Forwarded-For` is believed. */
  trustedProxies?: readonly string[]
  /** Time that a request gets in all, in milliseconds. */
  deadlineMs?: number
  /** When requests are turned away. */
  shedding: Shedding
}

/** Less than the 5 s after which the collector decides on a trace: no span comes too late for it. */
const DEADLINE_MS = 3_000

/** Requests under way at a time, at most. */
const MAX_CONCURRENT = 256

/** The public API. */
export function createApp(dependencies: AppDependencies): Koa {
  const { telemetry, upstreams, identity, deadlineMs = DEADLINE_MS } = dependencies
  const limits = createRateLimits({ ...dependencies.rateLimits, ...telemetry })
  const addressOf = clientAddressReader(dependencies.trustedProxies ?? [])
  const protect = protection(identity.verifier, limits)
  const admitSignIn = admitSignIns(limits, addressOf)
  return createServiceApp({
    telemetry,
    document: gatewayDocument(upstreams.map(({ service }) => service)),
    routes: [
      ...upstreams.map((upstream) => passThroughRoutes(upstream, protect)),
      sessionRoutes({ ...identity, protect, admitSignIn }),
    ],
    asProblem,
    first: [securityHeaders(), limitAddress(limits, addressOf)],
    shedding: { maxConcurrent: MAX_CONCURRENT, ...dependencies.shedding },
    deadline: { maxMs: deadlineMs, trustIncoming: false },
  })
}

/** A good token with the scopes, within the user's limit; and no cache may keep what is answered. */
function protection(verifier: TokenVerifier, limits: RateLimits): Protect {
  const perUser = limitUser(limits)
  return (...scopes) => {
    const withToken = authenticated(verifier, ...scopes)
    return function protectedMiddleware(ctx, next) {
      ctx.set('cache-control', 'no-store')
      return withToken(ctx, () => perUser(ctx, next))
    }
  }
}

/**
 * Headers of an API that no page is to be made of: nothing is loaded, framed, guessed or referred from its answers.
 * There is no CORS header either, so that no other site's script may read an answer. HSTS is the edge's business,
 * as it counts over TLS only.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#security-headers
 */
export const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const

function securityHeaders(): Middleware {
  const headers = Object.entries(SECURITY_HEADERS)
  return function securityHeadersMiddleware(ctx, next) {
    for (const [name, value] of headers) ctx.res.setHeader(name, value)
    return next()
  }
}
