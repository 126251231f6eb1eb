import Router from '@koa/router'
import Koa, { type Middleware } from 'koa'
import type { Logger } from 'pino'
import type { StoreMetrics } from '../metrics.ts'
import { answerErrors, type FailureWriter, RequestError } from './errors.ts'

export interface AppOptions {
  /** Name of the API in the store's metrics. */
  readonly api: string
  readonly logger: Logger
  readonly metrics: StoreMetrics
  readonly writeFailure: FailureWriter
  /** False while the segments are being read: everything answers 503 until then. */
  readonly isReady: () => boolean
}

const RETRY_AFTER_START_SECONDS = 1

/** A Koa application with what all of the store's APIs share: errors in their form, `/ready`, query times. */
export function createApp(options: AppOptions, routers: readonly Router[]): Koa {
  const app = new Koa()
  app.on('error', (error: Error) => options.logger.warn({ err: error }, 'connection failed'))
  app.use(measureQueries(options))
  app.use(answerErrors(options.logger, options.writeFailure))
  app.use(async (context, next) => {
    if (!options.isReady()) {
      context.set('Retry-After', String(RETRY_AFTER_START_SECONDS))
      options.writeFailure(context, { status: 503, message: 'the store is reading its segments' })
    } else await next()
  })
  const common = new Router()
  common.get('/ready', (context) => {
    context.body = 'ready'
  })
  for (const router of [common, ...routers]) app.use(router.routes())
  app.use((context) => {
    throw new RequestError(404, `${context.method} ${context.path} is not part of the embedded store`)
  })
  return app
}

function measureQueries({ api, metrics }: AppOptions): Middleware {
  return async (context, next) => {
    const started = performance.now()
    await next()
    const route = '_matchedRoute' in context ? String(context._matchedRoute) : 'none'
    metrics.queries.observe(
      { api, route, status: String(context.status) },
      (performance.now() - started) / 1000,
    )
  }
}

/** `GET /metrics` in OpenMetrics. */
export function metricsRouter(metrics: StoreMetrics): Router {
  const router = new Router()
  router.get('/metrics', async (context) => {
    context.set('Content-Type', metrics.registry.contentType)
    context.body = await metrics.registry.metrics()
  })
  return router
}
