import { performance } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ServiceTelemetry } from '@faultline/service-kit'
import type { Middleware } from 'koa'
import { type Logger, levels, pino } from 'pino'
import { collectDefaultMetrics, Gauge } from 'prom-client'
import { register, shutdown } from './instrumentation.ts'

const SHUTDOWN_TIMEOUT_MS = 5_000

/** What the service needs of its telemetry, from pino, prom-client and what `instrumentation.ts` has started. */
export function createTelemetry(): ServiceTelemetry {
  collectDefaultMetrics({ register })
  registerEventLoopUtilization()
  const logger = createLogger(process.env.LOG_LEVEL)
  return {
    logger,
    register,
    middleware: () => accessLog(logger),
    async metricsHandler(_request, response) {
      const body = await register.metrics()
      response.writeHead(200, { 'content-type': register.contentType }).end(body)
    },
    async shutdown(timeoutMs = SHUTDOWN_TIMEOUT_MS) {
      const flushed = shutdown().catch((error: unknown) => logger.warn({ err: error }, 'telemetry was lost'))
      await Promise.race([flushed, sleep(timeoutMs, undefined, { ref: false })])
    },
  }
}

/** Lines go to standard output and, by the instrumentation of pino, to OpenTelemetry. */
function createLogger(wanted = 'info'): Logger {
  const level = wanted.toLowerCase()
  const known = level === 'silent' || Object.hasOwn(levels.values, level)
  const options = {
    level: known ? level : 'info',
    formatters: { level: (label: string) => ({ level: label }) },
  }
  // Written at once: pino's own default never ends a process whose reader has gone.
  const logger = pino(options, pino.destination({ dest: 1, sync: true }))
  if (!known) logger.warn({ LOG_LEVEL: wanted }, 'LOG_LEVEL is no level of pino: info it is')
  return logger
}

/** One line per request, named by the semantic conventions; duration in seconds. */
function accessLog(logger: Logger): Middleware {
  return async (ctx, next) => {
    const startMs = performance.now()
    ctx.res.once('close', () => {
      const { statusCode, writableFinished } = ctx.res
      const route: unknown = ctx._matchedRoute
      const level = statusCode >= 500 ? 'error' : 'info'
      logger[level](
        {
          'http.request.method': ctx.method,
          'http.route': typeof route === 'string' ? route : undefined,
          'url.path': ctx.path,
          'http.response.status_code': writableFinished ? statusCode : undefined,
          'http.server.request.duration': (performance.now() - startMs) / 1_000,
          'request.id': ctx.state.requestId,
          'error.type': writableFinished ? undefined : 'client_abort',
        },
        'request completed',
      )
    })
    await next()
  }
}

/** What says how full the process is, and prom-client's default metrics lack: the share of time it was busy. */
function registerEventLoopUtilization(): void {
  let last = performance.eventLoopUtilization()
  new Gauge({
    name: 'nodejs_eventloop_utilization',
    help: 'Share of time the event loop was busy since the last scrape',
    registers: [register],
    collect() {
      const now = performance.eventLoopUtilization()
      this.set(performance.eventLoopUtilization(now, last).utilization)
      last = now
    },
  })
}
