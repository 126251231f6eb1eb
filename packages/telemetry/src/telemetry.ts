import type { Attributes, Span } from '@opentelemetry/api'
import type { Logger } from 'pino'
import type { OpenMetricsContentType, Registry } from 'prom-client'
import type { KoaMiddleware } from './koa/types.ts'
import type { Messaging } from './messaging/types.ts'
import type { ExemplarLabels } from './metrics/exemplar.ts'
import type { MetricsHandler } from './metrics/metrics-handler.ts'
import type { MiddlewareOptions } from './options.ts'
import type { InstrumentedPool, PoolOptions } from './pg.ts'

/** What `startTelemetry` gives a service. */
export interface Telemetry {
  /** pino, with `trace_id` and `span_id` of the active span; standard output and OTLP. */
  readonly logger: Logger
  /** OpenMetrics registry of prom-client: `new Counter({ ..., registers: [telemetry.register] })`. */
  readonly register: Registry<OpenMetricsContentType>
  /**
   * Server span, access log and profile labels; use it first. The same function used again, below middleware that
   * turns errors into answers, notes what was thrown there.
   */
  middleware(options?: MiddlewareOptions): KoaMiddleware
  /** The scrape answer, to serve from any framework. */
  metrics(): Promise<{ readonly contentType: string; readonly body: string }>
  /** The scrape answer as a listener of `node:http`; never rejects. */
  readonly metricsHandler: MetricsHandler
  /**
   * Gives every query of a `pg` pool a client span and `db_client_*` metrics. Call it before the pool's first
   * use. @returns the same pool
   */
  instrumentPool<P extends InstrumentedPool>(pool: P, options: PoolOptions): P
  /** Names the service behind an origin, for `peer.service` and `peer_service`. */
  setPeerService(origin: string, name: string): void
  /**
   * Runs `fn` in a new span that is active inside it. The span ends when `fn`'s result is there; a throw
   * becomes an exception event and status ERROR, and is thrown on.
   */
  withSpan<T>(name: string, fn: (span: Span) => T): T
  withSpan<T>(name: string, attributes: Attributes, fn: (span: Span) => T): T
  /** Spans, propagation and metrics of messages, for any broker. */
  readonly messaging: Messaging
  /** Runs `fn` with members added to the baggage of what it calls and sends; only listed keys go out. */
  withBaggage<T>(members: Readonly<Record<string, string>>, fn: () => T): T
  /** Labels of the active span if its trace is marked kept, for exemplars of own metrics. */
  exemplar(): ExemplarLabels | undefined
  /** Sends what is waiting. Resolves when it is sent or dropped. */
  flush(): Promise<void>
  /** Flushes all signals and stops. @param timeoutMs bound in milliseconds, 5,000 by default */
  shutdown(timeoutMs?: number): Promise<void>
}
