import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Router from '@koa/router'
import Koa, { type Context, type Middleware } from 'koa'
import type { Logger } from 'pino'
import type { StoreMetrics } from './metrics.ts'
import { Refusal } from './refusal.ts'

export interface AppOptions {
  /** Name of the API in the store's metrics. */
  readonly api: string
  readonly logger: Logger
  readonly metrics: StoreMetrics
  readonly writeRefusal: RefusalWriter
  /** False while the segments are being read: everything answers 503 until then. */
  readonly isReady: () => boolean
}

/** A Koa application with what all of the store's APIs share: errors in their form, `/ready`, query times. */
export function createApp(options: AppOptions, routers: readonly Router[]): Koa {
  const { api, logger, metrics, writeRefusal, isReady } = options
  const app = new Koa()
  app.on('error', (error: Error) => logger.warn({ err: error }, 'connection failed'))
  app.use(async (context, next) => {
    const started = performance.now()
    await next()
    const route = '_matchedRoute' in context ? String(context._matchedRoute) : 'none'
    metrics.queries.observe(
      { api, route, status: String(context.status) },
      (performance.now() - started) / 1000,
    )
  })
  app.use(answerErrors(logger, writeRefusal))
  app.use(async (context, next) => {
    if (isReady()) await next()
    else
      refuse(
        context,
        new Refusal(503, 'the store is reading its segments', { retryAfterSeconds: 1 }),
        writeRefusal,
      )
  })
  const common = new Router()
  common.get('/ready', (context) => {
    context.body = 'ready'
  })
  for (const router of [common, ...routers]) app.use(router.routes())
  app.use((context) => {
    throw new Refusal(404, `${context.method} ${context.path} is not part of the embedded store`)
  })
  return app
}

/** Writes a refusal in the form of one API. */
export type RefusalWriter = (context: Context, refusal: Refusal) => void

/** Plain text, as Tempo answers. */
export const writePlainRefusal: RefusalWriter = (context, { status, message }) => {
  context.status = status
  context.type = 'text/plain'
  context.body = message
}

function refuse(context: Context, refusal: Refusal, write: RefusalWriter): void {
  if (refusal.retryAfterSeconds !== undefined) context.set('Retry-After', String(refusal.retryAfterSeconds))
  write(context, refusal)
}

/** Turns errors of everything behind it into answers; what is the store's own fault is logged and not explained. */
export function answerErrors(logger: Logger, write: RefusalWriter): Middleware {
  return async (context, next) => {
    try {
      await next()
    } catch (error) {
      const refusal = error instanceof Refusal ? error : new Refusal(500, 'internal error')
      if (refusal.status >= 500) logger.error({ err: error, path: context.path }, 'request failed')
      else logger.debug({ path: context.path, status: refusal.status }, refusal.message)
      refuse(context, refusal, write)
    }
  }
}

/** A path that takes nothing but POST. */
export function postRouter(path: string, ...middleware: Middleware[]): Router {
  const router = new Router()
  router.post(path, ...middleware)
  router.all(path, ({ method }) => {
    throw new Refusal(405, `${method} is not allowed, POST is`)
  })
  return router
}

/** `GET /metrics` in OpenMetrics. */
export function metricsRouter({ registry }: StoreMetrics): Router {
  const router = new Router()
  router.get('/metrics', async (context) => {
    context.set('Content-Type', registry.contentType)
    context.body = await registry.metrics()
  })
  return router
}

/** One HTTP server on one address. */
export interface Listener {
  /** For example `http://127.0.0.1:3200`; with the real port when 0 was asked for. */
  readonly url: string
  /** Stops accepting, waits for the requests under way. */
  close(): Promise<void>
}

/** How often connections that have become idle are closed, and when the rest is cut. */
const IDLE_CHECK_MS = 50
const PATIENCE_MS = 5000

/** Starts serving. @throws naming the port when it is taken or not allowed */
export async function listen(app: Koa, what: string, host: string, port: number): Promise<Listener> {
  const server = createServer(app.callback())
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    const cause = code === 'EADDRINUSE' ? 'another process listens there' : code
    throw new Error(`${what} cannot listen on ${host}:${port}: ${cause}`)
  }
  const close = async (): Promise<void> => {
    const closed = once(server, 'close')
    server.close()
    const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS)
    const patience = setTimeout(() => server.closeAllConnections(), PATIENCE_MS)
    await closed
    clearInterval(idle)
    clearTimeout(patience)
  }
  return { url: `http://${host}:${(server.address() as AddressInfo).port}`, close }
}
