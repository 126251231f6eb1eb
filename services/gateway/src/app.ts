import { gatewayDocument } from '@faultline/contracts'
import {
  authenticated,
  deadline,
  inputRejections,
  type LoadSheddingOptions,
  type Logger,
  loadShedding,
  type MetricsRegistry,
  problems,
  requestId,
  type TokenVerifier,
} from '@faultline/service-kit'
import type { Telemetry } from '@faultline/telemetry'
import Router from '@koa/router'
import Koa from 'koa'
import type { Booking } from './domain/booking.ts'
import type { Catalog } from './domain/catalog.ts'
import type { Sessions } from './domain/sessions.ts'
import type { SigningKeys } from './domain/signing-keys.ts'
import type { Ticketing } from './domain/ticketing.ts'
import { clientAddressReader } from './rate-limit/client-address.ts'
import { admitSignIns, limitAddress, limitUser } from './rate-limit/middleware.ts'
import { createRateLimits, type RateLimits, type RateLimitsOptions } from './rate-limit/rate-limits.ts'
import { bookingRoutes } from './routes/booking.ts'
import { catalogRoutes } from './routes/catalog.ts'
import type { Protect } from './routes/protection.ts'
import { sessionRoutes } from './routes/sessions.ts'
import { ticketingRoutes } from './routes/ticketing.ts'
import { securityHeaders } from './security-headers.ts'

export interface AppDependencies {
  telemetry: Pick<Telemetry, 'middleware'> & { logger: Logger; register: MetricsRegistry }
  catalog: Catalog
  booking: Booking
  ticketing: Ticketing
  identity: { sessions: Sessions; keys: Pick<SigningKeys, 'keySet'>; verifier: TokenVerifier }
  rateLimits?: Omit<RateLimitsOptions, 'register' | 'logger'>
  /** Addresses and networks whose `X-Forwarded-For` is believed. */
  trustedProxies?: readonly string[]
  /** Time that a request gets in all, in milliseconds. */
  deadlineMs?: number
  /** When requests are turned away; the gateway's defaults otherwise. */
  shedding?: Omit<LoadSheddingOptions, 'register'>
}

/** Less than the 5 s after which the collector decides on a trace: no span comes too late for it. */
export const DEADLINE_MS = 3_000

/** Requests under way at a time, at most. */
const MAX_CONCURRENT = 256

/** The public API. */
export function createApp(dependencies: AppDependencies): Koa {
  const { telemetry, deadlineMs = DEADLINE_MS, shedding } = dependencies
  const { logger, register } = telemetry
  const limits = createRateLimits({ ...dependencies.rateLimits, register, logger })
  const addressOf = clientAddressReader(dependencies.trustedProxies ?? [])
  const document = JSON.stringify(gatewayDocument())
  const router = createRouter(dependencies, limits, addressOf)
  router.get('/openapi.json', (ctx) => {
    ctx.type = 'application/json'
    ctx.body = document
  })

  const app = new Koa()
  // What goes wrong after the problems middleware: a client that leaves, or an answer that cannot be sent.
  app.on('error', (error) => logger.warn({ err: error }, 'request broke off'))
  app.use(telemetry.middleware())
  app.use(requestId())
  app.use(securityHeaders())
  app.use(problems({ logger, onProblem: inputRejections({ logger, register }) }))
  app.use(limitAddress(limits, addressOf))
  app.use(loadShedding({ maxConcurrent: MAX_CONCURRENT, ...shedding, register }))
  app.use(deadline({ maxMs: deadlineMs, trustIncoming: false }))
  app.use(router.routes())
  app.use(router.allowedMethods())
  return app
}

function createRouter(
  { catalog, booking, ticketing, identity }: AppDependencies,
  limits: RateLimits,
  addressOf: ReturnType<typeof clientAddressReader>,
): Router {
  const protect = protection(identity.verifier, limits)
  const admitSignIn = admitSignIns(limits, addressOf)
  const router = new Router()
  router.use(catalogRoutes(catalog).routes())
  router.use(sessionRoutes({ ...identity, protect, admitSignIn }).routes())
  router.use(bookingRoutes(booking, protect).routes())
  router.use(ticketingRoutes(ticketing, protect).routes())
  return router
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
