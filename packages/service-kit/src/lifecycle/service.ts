import type { RequestListener } from 'node:http'
import type { Health } from '../health/health.ts'
import type { ServiceTelemetry } from '../telemetry-types.ts'
import { adminHandler } from './admin.ts'
import { type Listener, listen } from './listen.ts'

export interface ServiceOptions {
  /** The public API. */
  handler: RequestListener
  host: string
  /** Public port; 0 lets the system choose. */
  port: number
  adminPort: number
  health: Health
  telemetry: Pick<ServiceTelemetry, 'logger' | 'metricsHandler' | 'shutdown'>
  /** Closes what the service holds (pools, clients), once the last request has been answered. */
  close?: () => Promise<void>
  /** How long requests under way may take after SIGTERM, in milliseconds. */
  drainTimeoutMs?: number
  /** How long telemetry may take to flush after that, in milliseconds. */
  flushTimeoutMs?: number
}

export const serviceDefaults = {
  drainTimeoutMs: 10_000,
  flushTimeoutMs: 5_000,
} satisfies Partial<ServiceOptions>

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
export async function startService(options: ServiceOptions): Promise<Service> {
  const { host, health, telemetry } = options
  const { logger } = telemetry
  const admin = await listen(adminHandler(health, telemetry), {
    host,
    port: options.adminPort,
    variable: 'ADMIN_PORT',
  })
  let api: Listener
  try {
    api = await listen(options.handler, { host, port: options.port, variable: 'PORT' })
  } catch (error) {
    await admin.drain(0)
    throw error
  }
  health.start()
  logger.info({ 'server.address': host, 'server.port': api.port, 'admin.port': admin.port }, 'listening')

  async function stop(): Promise<void> {
    health.drain()
    logger.info('draining')
    const drained = await api.drain(options.drainTimeoutMs ?? serviceDefaults.drainTimeoutMs)
    if (!drained) logger.warn('requests were cut: they did not end in time')
    await options.close?.()
    logger.info('stopped')
    await telemetry.shutdown(options.flushTimeoutMs ?? serviceDefaults.flushTimeoutMs)
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
