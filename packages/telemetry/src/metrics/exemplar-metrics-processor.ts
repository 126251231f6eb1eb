import { type Context, diag, SpanKind } from '@opentelemetry/api'
import { AggregationType, type ViewOptions } from '@opentelemetry/sdk-metrics'
import type { ReadableSpan, Span, SpanProcessor } from '@opentelemetry/sdk-trace'
import { Counter, Registry } from 'prom-client'
import { defaults } from '../options.ts'
import { DECISION_WAIT_MS, SLOW_THRESHOLD_MS } from '../trace/keep.ts'
import { DbClientMetrics, DbPoolMetrics } from './database.ts'
import { type ExemplarPolicy, type ExemplarRule, exemplarFor } from './exemplar.ts'
import { HttpClientMetrics, HttpServerMetrics } from './http.ts'
import { MessagingMetrics } from './messaging.ts'
import { oncePerRegistry } from './registry.ts'
import { messagingOperationOf, OutgoingClass, outgoingClassOf, systemOf, textOf } from './span-attributes.ts'
import type { OpenMetricsRegistry, SpanMetricsOptions } from './span-metric.ts'
import { endOutgoing, type SpanState, stateOf, trackSpan } from './span-state.ts'

export interface ExemplarMetricsOptions extends Partial<SpanMetricsOptions> {
  /** Where the metrics are kept; by `createRegistry()`, as only OpenMetrics has exemplars. */
  readonly register: OpenMetricsRegistry
  /** Which spans an exemplar may lead to; `kept` by default. */
  readonly exemplars?: ExemplarPolicy
  /** Milliseconds from which the tail sampler keeps a trace for its duration; {@link SLOW_THRESHOLD_MS} by default. */
  readonly slowThresholdMs?: number | undefined
  /** Milliseconds that the tail sampler waits for a trace; {@link DECISION_WAIT_MS} by default. */
  readonly decisionWaitMs?: number
}

/** One set for each registry: telemetry that is started once more goes on counting there. */
const spanMetricsOf = oncePerRegistry(
  'http_server_request_duration_seconds',
  (register, options: SpanMetricsOptions) => ({
    server: new HttpServerMetrics(register, options),
    client: new HttpClientMetrics(register, options),
    database: new DbClientMetrics(register, options),
    pools: DbPoolMetrics.of(register, options),
    messaging: new MessagingMetrics(register, options),
    errors: new Counter({
      name: 'telemetry_span_metrics_errors_total',
      help: 'Spans of which no metrics could be made',
      registers: [register],
    }),
  }),
)

/** Name of the official instrumentation's span for waiting for a connection of `pg.Pool`. */
const POOL_CONNECT = 'pg-pool.connect'

/**
 * Turns ended spans of any instrumentation into rate, errors and duration with exemplars: requests that are answered
 * and made, queries, messages. For spans that are not exported as well, so that the counts are exact.
 *
 * What counts is decided by the kind of a span, then by its attributes at its end; `docs/decisions/telemetry-on-the-sdk.md` has the rules.
 */
export class ExemplarMetricsProcessor implements SpanProcessor {
  readonly #rule: ExemplarRule
  readonly #metrics: ReturnType<typeof spanMetricsOf>
  #hasWarned = false

  /**
   * A second one on a registry goes on with the metrics of the first, and with its buckets and its bound on series.
   * @throws Error when the registry has a metric of somebody else's by one of the names
   */
  constructor(options: ExemplarMetricsOptions) {
    const { register, exemplars = 'kept' } = options
    this.#metrics = spanMetricsOf(register, {
      durationBuckets: options.durationBuckets ?? defaults.metrics.durationBuckets,
      maxSeries: options.maxSeries,
    })
    this.#rule = {
      policy: exemplars,
      slowThresholdMs: options.slowThresholdMs ?? SLOW_THRESHOLD_MS,
      decisionWaitMs: options.decisionWaitMs ?? DECISION_WAIT_MS,
    }
    if (exemplars !== 'none' && register.contentType !== Registry.OPENMETRICS_CONTENT_TYPE) {
      diag.warn('the registry has no exemplars, as it is not in the OpenMetrics format: see createRegistry()')
    }
  }

  onStart(span: Span, parentContext: Context): void {
    try {
      const state = trackSpan(span, parentContext)
      const { kind } = span
      if (kind === SpanKind.SERVER) {
        if (!state.isWithin) this.#metrics.server.started(span, state)
      } else if (kind !== SpanKind.INTERNAL && state.outer) {
        // Here as well as at the end, as the outer span may end before the inner one.
        markOuter(state, outgoingClassOf(kind, span.attributes))
      }
    } catch (error) {
      this.#failed(error)
    }
  }

  onEnd(span: ReadableSpan): void {
    try {
      const state = stateOf(span)
      switch (span.kind) {
        case SpanKind.INTERNAL:
          lendRoute(span, state)
          break
        case SpanKind.SERVER:
          this.#serverEnded(span, state)
          break
        case SpanKind.CONSUMER:
          this.#messageEnded(span, state)
          break
        default:
          this.#outgoingEnded(span, state)
      }
    } catch (error) {
      this.#failed(error)
    }
  }

  async forceFlush(): Promise<void> {}

  async shutdown(): Promise<void> {}

  #serverEnded(span: ReadableSpan, state: SpanState | undefined): void {
    if (state) {
      state.hasEnded = true
      this.#metrics.server.stopped(state)
    }
    if (state?.isWithin) lendRoute(span, state)
    else this.#metrics.server.ended(span, secondsOf(span), state?.route, exemplarFor(span, state, this.#rule))
  }

  #messageEnded(span: ReadableSpan, state: SpanState | undefined): void {
    const operation = messagingOperationOf(span.kind, span.attributes)
    if (!operation) return
    const exemplar = exemplarFor(span, state, this.#rule)
    this.#metrics.messaging.ended(span, operation, secondsOf(span), state?.isWithin ?? false, exemplar)
  }

  #outgoingEnded(span: ReadableSpan, state: SpanState | undefined): void {
    const ownClass = outgoingClassOf(span.kind, span.attributes)
    if (state) {
      markOuter(state, ownClass)
      endOutgoing(state)
    }
    if (ownClass === OutgoingClass.none) {
      if (span.name === POOL_CONNECT && systemOf(span.attributes) !== undefined) {
        this.#metrics.pools.ended(span, secondsOf(span), exemplarFor(span, state, this.#rule))
      }
      return
    }
    if (state && (state.inner & ownClass) !== 0) return
    const exemplar = exemplarFor(span, state, this.#rule)
    if (ownClass === OutgoingClass.http) this.#metrics.client.ended(span, secondsOf(span), exemplar)
    else if (ownClass === OutgoingClass.database)
      this.#metrics.database.ended(span, secondsOf(span), exemplar)
    else this.#messageEnded(span, state)
  }

  #failed(error: unknown): void {
    this.#metrics.errors.inc()
    if (this.#hasWarned) return
    this.#hasWarned = true
    diag.warn('no metrics could be made of a span; further ones are only counted', error)
  }
}

/** Of nested spans of one class, the innermost counts. */
function markOuter(state: SpanState, innerClass: number): void {
  // Where it is known already, it is known further out as well.
  let { outer } = state
  while (outer && (outer.inner & innerClass) !== innerClass) {
    outer.inner |= innerClass
    outer = outer.outer
  }
}

/** Spans of a framework tell the route, which the span of the request may lack; the longest is the most exact. */
function lendRoute({ attributes }: ReadableSpan, state: SpanState | undefined): void {
  const server = state?.server
  if (!server) return
  const route = textOf(attributes['http.route'])
  if (route !== undefined && route.length > (server.route?.length ?? 0)) server.route = route
}

function secondsOf({ duration: [seconds, nanos] }: ReadableSpan): number {
  return seconds + nanos / 1e9
}

/**
 * Metrics of the SDK that are made of spans here. Some would come under the same name in Prometheus, others count the
 * same once more. What is not in spans stays: pool sizes, runtime, sizes of bodies.
 */
const REPLACED = [
  'http.server.request.duration',
  'http.server.duration',
  'http.server.active_requests',
  'http.client.request.duration',
  'http.client.duration',
  'db.client.operation.duration',
  'db.client.connection.wait_time',
  'db.client.connections.wait_time',
  'messaging.client.operation.duration',
  'messaging.client.sent.messages',
  'messaging.client.published.messages',
  'messaging.client.consumed.messages',
  'messaging.process.duration',
  'messaging.publish.duration',
  'messaging.receive.duration',
]

/** Views that drop the SDK's own metrics where the ExemplarMetricsProcessor has them. */
export function stockMetricViews(): ViewOptions[] {
  return REPLACED.map((instrumentName) => ({ instrumentName, aggregation: { type: AggregationType.DROP } }))
}
