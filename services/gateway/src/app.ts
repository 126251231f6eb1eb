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
import type { Sessions } from './domain/sessions.ts'
import { clientAddressReader } from './rate-limit/client-address.ts'
import { admitSignIns, limitAddress, limitUser } from './rate-limit/middleware.ts'
import { createRateLimits, type RateLimits, type RateLimitsOptions } from './rate-limit/rate-limits.ts'
import { passThroughRoutes, type Upstream } from './routes/pass-through.ts'
import type { Protect } from './routes/protection.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { securityHeaders } from './security-headers.ts'

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
export const DEADLINE_MS = 3_000

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
