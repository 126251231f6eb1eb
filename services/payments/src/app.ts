import { paymentsDocument } from '@faultline/contracts'
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
import type { Charges } from './domain/charges.ts'
import { chargeRoutes, type State } from './routes/charges.ts'
import { domainProblems } from './routes/problems.ts'

export interface AppDependencies {
  telemetry: Pick<Telemetry, 'middleware'> & { logger: Logger; register: MetricsRegistry }
  charges: Charges
  verifier: TokenVerifier
  shedding?: Omit<LoadSheddingOptions, 'register'>
}

/** Payments' HTTP interface. */
export function createApp({ telemetry, charges, verifier, shedding }: AppDependencies): Koa {
  const { logger, register } = telemetry
  const document = JSON.stringify(paymentsDocument())
  const router = new Router<State>()
  router.use(chargeRoutes(charges, verifier).routes())
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
