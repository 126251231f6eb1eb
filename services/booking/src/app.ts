import { bookingDocument } from '@faultline/contracts'
import {
  deadline,
  inputRejections,
  type LoadSheddingOptions,
  type Logger,
  loadShedding,
  type MetricsRegistry,
  problems,
  requestId,
  type ServiceTokens,
  type TokenVerifier,
} from '@faultline/service-kit'
import type { Telemetry } from '@faultline/telemetry'
import Router from '@koa/router'
import Koa from 'koa'
import type { Orders } from './domain/orders.ts'
import type { Reservations } from './domain/reservations.ts'
import { orderRoutes } from './routes/orders.ts'
import { domainProblems } from './routes/problems.ts'
import { reservationRoutes } from './routes/reservations.ts'
import type { State } from './routes/state.ts'

export interface AppDependencies {
  telemetry: Pick<Telemetry, 'middleware'> & { logger: Logger; register: MetricsRegistry }
  reservations: Reservations
  orders: Orders
  /** Checks the tokens of users. */
  verifier: TokenVerifier
  /** Booking's own identity, whose keys are published. */
  tokens: Pick<ServiceTokens, 'jwks'>
  /** When requests are turned away; the defaults otherwise. */
  shedding?: Omit<LoadSheddingOptions, 'register'>
}

/** Booking's HTTP interface. */
export function createApp(dependencies: AppDependencies): Koa {
  const { telemetry, reservations, orders, verifier, tokens, shedding } = dependencies
  const { logger, register } = telemetry
  const document = JSON.stringify(bookingDocument())
  const router = new Router<State>()
  for (const routes of [reservationRoutes(reservations, verifier), orderRoutes(orders, verifier)]) {
    router.use(routes.routes())
  }
  router.get('/.well-known/jwks.json', (ctx) => {
    ctx.body = tokens.jwks()
  })
  router.get('/openapi.json', (ctx) => {
    ctx.type = 'application/json'
    ctx.body = document
  })

  const app = new Koa()
  // What goes wrong after the problems middleware: a client that leaves, or an answer that cannot be sent.
  app.on('error', (error) => logger.warn({ err: error }, 'request broke off'))
  app.use(telemetry.middleware())
  app.use(requestId())
  app.use(problems({ logger, onProblem: inputRejections({ logger, register }) }))
  app.use(loadShedding({ ...shedding, register }))
  app.use(deadline())
  app.use(domainProblems())
  app.use(router.routes())
  app.use(router.allowedMethods())
  return app
}
