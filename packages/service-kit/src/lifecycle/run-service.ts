import type Koa from 'koa'
import { Health, type HealthCheck } from '../health/health.ts'
import type { ServiceTelemetry } from '../telemetry-types.ts'
import { type Service, startService } from './service.ts'
import { stopOnSignals } from './signals.ts'

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

export interface RunServiceOptions {
  config: { host: string; port: number; adminPort: number }
  telemetry: Pick<ServiceTelemetry, 'logger' | 'metricsHandler' | 'shutdown'>
}

/**
 * Runs a service until a signal ends the process.
 *
 * @throws EnvironmentError when a port cannot be had
 */
export async function runService(
  service: RunnableService,
  { config, telemetry }: RunServiceOptions,
): Promise<Service> {
  const { logger } = telemetry
  const { host, port, adminPort } = config
  await service.prepare?.()
  const running = await startService({
    host,
    port,
    adminPort,
    handler: service.app.callback(),
    health: new Health({
      ...(service.checks && { checks: service.checks }),
      ...(service.observed && { observed: service.observed }),
      onChange: (name, state) => logger.info({ check: name, ...state }, 'health check changed'),
    }),
    telemetry,
    close: () => service.close(),
  })
  stopOnSignals(running, telemetry)
  await service.start?.()
  return running
}
