import type { RequestListener } from 'node:http'
import type Koa from 'koa'
import type { ServiceTelemetry } from '../telemetry-types.ts'
import type { ListenConfig } from './config.ts'
import { Health, type HealthCheck } from './health.ts'
import { adminHandler, type Listener, listen } from './listen.ts'

/** A service, put together; it does not listen yet. */
export interface RunnableService {
  readonly app: Koa
  /** What must be usable before it takes traffic, by name. */
  readonly checks?: Readonly<Record<string, HealthCheck>>
  /** What it can do without for a while. */
  readonly observed?: Readonly<Record<string, HealthCheck>>
  /** Gets what it cannot answer without, before it listens; what cannot be had in time it tries again later. */
  prepare?(): Promise<void>
  /** Begins the work beside the requests, once it listens. */
  start?(): void | Promise<void>
  /** Closes what it holds, once the last request has been answered. */
  close(): Promise<void>
}

const DRAIN_TIMEOUT_MS = 10_000

/** How long telemetry may take to flush after the requests, in milliseconds. */
const FLUSH_TIMEOUT_MS = 5_000

export interface ServiceOptions {
  /** Where it listens; port 0 lets the system choose. */
  config: ListenConfig
  telemetry: Pick<ServiceTelemetry, 'logger' | 'metricsHandler' | 'shutdown'>
  /** How long requests under way may take after SIGTERM, in milliseconds. */
  drainTimeoutMs?: number
}

/**
 * Runs a service until a signal ends the process.
 *
 * @throws EnvironmentError when a port cannot be had
 */
export async function runService(service: RunnableService, options: ServiceOptions): Promise<void> {
  await service.prepare?.()
  const running = await startService(service, options)
  stopOnSignals(running, options.telemetry)
  await service.start?.()
}

/** A service that runs. */
export interface Service {
  readonly port: number
  readonly adminPort: number
  /** Not ready, drained, closed, telemetry flushed; in this order, once. */
  stop(): Promise<void>
}

/**
 * Starts a service: the admin listener first, so that probes see it come up, then the public one.
 *
 * @throws EnvironmentError when a port cannot be had
 */
export async function startService(
  service: Omit<RunnableService, 'app'> & { app: { callback(): RequestListener } },
  { config, telemetry, drainTimeoutMs = DRAIN_TIMEOUT_MS }: ServiceOptions,
): Promise<Service> {
  const { host } = config
  const { logger } = telemetry
  const health = new Health({
    ...(service.checks && { checks: service.checks }),
    ...(service.observed && { observed: service.observed }),
    onChange: (name, state) => logger.info({ check: name, ...state }, 'health check changed'),
  })
  const admin = await listen(adminHandler(health, telemetry), {
    host,
    port: config.adminPort,
    variable: 'ADMIN_PORT',
  })
  let api: Listener
  try {
    api = await listen(service.app.callback(), { host, port: config.port, variable: 'PORT' })
  } catch (error) {
    await admin.drain(0)
    throw error
  }
  health.start()
  logger.info({ 'server.address': host, 'server.port': api.port, 'admin.port': admin.port }, 'listening')

  async function stop(): Promise<void> {
    health.drain()
    logger.info('draining')
    const drained = await api.drain(drainTimeoutMs)
    if (!drained) logger.warn('requests were cut: they did not end in time')
    await service.close()
    logger.info('stopped')
    await telemetry.shutdown(FLUSH_TIMEOUT_MS)
    await admin.drain(0)
  }

  let stopping: Promise<void> | undefined
  return {
    port: api.port,
    adminPort: admin.port,
    stop() {
      stopping ??= stop()
      return stopping
    },
  }
}

/**
 * Ends the process in order: on SIGTERM and SIGINT with exit code 0, on an error that nobody caught with 1, as
 * the state of the process is then unknown.
 */
export function stopOnSignals(service: Service, telemetry: Pick<ServiceTelemetry, 'logger'>): void {
  const { logger } = telemetry
  const exit = (code: number) => {
    service.stop().then(
      () => process.exit(code),
      (error: unknown) => {
        logger.error({ err: error }, 'stopping failed')
        process.exit(1)
      },
    )
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.once(signal, () => {
      logger.info({ signal }, 'received signal')
      exit(0)
    })
  }
  process.once('uncaughtException', (error) => {
    logger.fatal({ err: error }, 'uncaught error')
    exit(1)
  })
}
