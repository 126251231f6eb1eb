import Router from '@koa/router'
import Koa, { type Middleware } from 'koa'
import { type DeadlineOptions, deadline } from '../deadline/middleware.ts'
import { type LoadSheddingOptions, loadShedding } from '../load-shedding/load-shedding.ts'
import { inputRejections } from '../problems/input-rejections.ts'
import { problems } from '../problems/middleware.ts'
import { translateErrors } from '../problems/translate-errors.ts'
import { requestId } from '../request-id/request-id.ts'
import type { ServiceTelemetry } from '../telemetry-types.ts'

/** The parts of telemetry that a service's application uses. */
export type AppTelemetry = Pick<ServiceTelemetry, 'logger' | 'register' | 'middleware'>

/** When requests are turned away, and whether: a switch that no service may forget. */
export type Shedding = Omit<LoadSheddingOptions, 'register' | 'isOn'> & { isOn: () => boolean }

export interface ServiceAppOptions {
  telemetry: AppTelemetry
  /** The OpenAPI document, published at `/openapi.json`; a test holds the routes to it (`apiFaults`). */
  document: object
  /** The routes of the API; each has its own authentication. */
  routes: readonly Router[]
  /** The problem that an error of the domain is for a client; errors that it does not know as they came. */
  asProblem?: (error: unknown) => unknown
  /** Middleware before any work is done for a request, such as rate limits. */
  first?: readonly Middleware[]
  /** `false` for a service that takes everything. */
  shedding: Shedding | false
  /** `false` for a service that does not know how long its callers wait. */
  deadline?: DeadlineOptions | false
}

/** The Koa application of a service: what every request passes, in this order, before its route. */
export function createServiceApp(options: ServiceAppOptions): Koa {
  const { telemetry, routes, asProblem, first = [], shedding, deadline: limit = {} } = options
  const { logger, register } = telemetry
  const document = JSON.stringify(options.document)
  const router = new Router()
  for (const part of routes) router.use(part.routes())
  router.get('/openapi.json', (ctx) => {
    ctx.type = 'application/json'
    ctx.body = document
  })

  const app = new Koa()
  // What goes wrong after the problems middleware: a client that leaves, or an answer that cannot be sent.
  app.on('error', (error) => logger.warn({ err: error }, 'request broke off'))
  const instrumentation = telemetry.middleware?.()
  if (instrumentation) app.use(instrumentation)
  app.use(requestId())
  app.use(problems({ logger, onProblem: inputRejections({ logger, register }) }))
  for (const middleware of first) app.use(middleware)
  if (shedding !== false) app.use(loadShedding({ ...shedding, register }))
  if (limit !== false) app.use(deadline(limit))
  if (asProblem) app.use(translateErrors(asProblem))
  app.use(router.routes())
  app.use(router.allowedMethods())
  return app
}
