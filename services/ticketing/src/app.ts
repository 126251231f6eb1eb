import { ticketingDocument } from '@faultline/contracts'
import {
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
import type { Tickets } from './domain/tickets.ts'
import type { Webhooks } from './domain/webhooks.ts'
import { domainProblems } from './routes/problems.ts'
import type { State } from './routes/state.ts'
import { ticketRoutes } from './routes/tickets.ts'
import { webhookRoutes } from './routes/webhooks.ts'

export interface AppDependencies {
  telemetry: Pick<Telemetry, 'middleware'> & { logger: Logger; register: MetricsRegistry }
  verifier: TokenVerifier
  tickets: Tickets
  webhooks: Webhooks
  /** When requests are turned away; the defaults otherwise. */
  shedding?: Omit<LoadSheddingOptions, 'register'>
}

/** Ticketing's HTTP interface. */
export function createApp({ telemetry, verifier, tickets, webhooks, shedding }: AppDependencies): Koa {
  const { logger, register } = telemetry
  const document = JSON.stringify(ticketingDocument())
  const router = new Router<State>()
  for (const routes of [ticketRoutes(tickets, verifier), webhookRoutes(webhooks, verifier)]) {
    router.use(routes.routes())
  }
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
