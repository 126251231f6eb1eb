import { gatewayDocument } from '@faultline/contracts'
import {
  deadline,
  inputRejections,
  type Logger,
  loadShedding,
  type MetricsRegistry,
  problems,
  requestId,
} from '@faultline/service-kit'
import type { Telemetry } from '@faultline/telemetry'
import Router from '@koa/router'
import Koa from 'koa'
import type { Catalog } from './domain/catalog.ts'
import { catalogRoutes } from './routes/catalog.ts'

export interface AppDependencies {
  telemetry: Pick<Telemetry, 'middleware'> & { logger: Logger; register: MetricsRegistry }
  catalog: Catalog
  /** Time that a request gets in all, in milliseconds. */
  deadlineMs?: number
  /** Requests under way at a time, at most. */
  maxConcurrent?: number
}

/** Less than the 5 s after which the collector decides on a trace: no span comes too late for it. */
export const DEADLINE_MS = 3_000

/** The public API. */
export function createApp(dependencies: AppDependencies): Koa {
  const { telemetry, catalog, deadlineMs = DEADLINE_MS, maxConcurrent = 256 } = dependencies
  const { logger, register } = telemetry
  const document = JSON.stringify(gatewayDocument())
  const router = new Router()
  router.use(catalogRoutes(catalog).routes())
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
  app.use(loadShedding({ register, maxConcurrent }))
  app.use(deadline({ maxMs: deadlineMs, trustIncoming: false }))
  app.use(router.routes())
  app.use(router.allowedMethods())
  return app
}
