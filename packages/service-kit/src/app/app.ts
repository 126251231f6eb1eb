import { randomUUID } from 'node:crypto'
import Router from '@koa/router'
import Koa, { type Middleware } from 'koa'
import type { ServiceTelemetry } from '../telemetry-types.ts'
import { type DeadlineOptions, deadline } from './deadline.ts'
import { type LoadSheddingOptions, loadShedding } from './load-shedding.ts'
import { inputRejections, problems } from './problems.ts'

/** The parts of telemetry that a service's application uses. */
export type AppTelemetry = Pick<ServiceTelemetry, 'logger' | 'register' | 'middleware'>

/** When requests are turned away, and whether. */
export type Shedding = Omit<LoadSheddingOptions, 'register'>

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

/**
 * Throws another error in place of what the routes throw: the problem that an error of the domain is for a client.
 *
 * @param asProblem gives errors that it does not know back as they came
 */
export function translateErrors(asProblem: (error: unknown) => unknown): Middleware {
  return async function translateErrorsMiddleware(_ctx, next) {
    try {
      await next()
    } catch (error) {
      throw asProblem(error)
    }
  }
}

/** Header that carries a request's id, both ways. */
export const REQUEST_ID_HEADER = 'x-request-id'

/** What an incoming id may look like: it ends up in logs and headers. */
const REQUEST_ID = /^[A-Za-z0-9._-]{1,64}$/

/** Gives every request an id: in `ctx.state.requestId`, in the answer's header, in logs and problems. */
export function requestId(): Middleware {
  return function requestIdMiddleware(ctx, next) {
    const incoming = ctx.get(REQUEST_ID_HEADER)
    const id = REQUEST_ID.test(incoming) ? incoming : randomUUID()
    ctx.state.requestId = id
    ctx.set(REQUEST_ID_HEADER, id)
    return next()
  }
}
