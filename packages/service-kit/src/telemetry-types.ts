import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Middleware } from 'koa'
import type { OpenMetricsContentType, Registry } from 'prom-client'

/** Writes one structured line, as pino does. */
export interface LogMethod {
  (fields: object, message?: string): void
  (message: string): void
}

/** Structured logger of a service: pino or what is like it. */
export interface Logger {
  readonly debug: LogMethod
  readonly info: LogMethod
  readonly warn: LogMethod
  readonly error: LogMethod
  readonly fatal: LogMethod
}

/** Registry that a service's metrics are made on. */
export type MetricsRegistry = Registry<OpenMetricsContentType>

/** Metrics that are made once on a registry, however many share them. */
export function oncePerRegistry<Metrics extends object>(make: (register: MetricsRegistry) => Metrics) {
  const made = new WeakMap<MetricsRegistry, Metrics>()
  return (register: MetricsRegistry): Metrics => {
    const metrics = made.get(register) ?? make(register)
    made.set(register, metrics)
    return metrics
  }
}

/**
 * What a service needs of its telemetry, whoever made it: `startTelemetry()` of `@faultline/telemetry` gives it, and
 * so does a handful of stock parts (`services/payment-provider/src/instrumentation.ts`).
 */
export interface ServiceTelemetry {
  readonly logger: Logger
  readonly register: MetricsRegistry
  /** Answers a scrape as a listener of `node:http`. */
  metricsHandler(request: IncomingMessage, response: ServerResponse): Promise<void>
  /** Sends what is waiting and stops. @param timeoutMs how long that may take, in milliseconds */
  shutdown(timeoutMs?: number): Promise<void>
  /** Koa middleware that sees every request first; absent where HTTP is instrumented below the application. */
  middleware?(): Middleware
}
