import type { Attributes, SpanContext } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { Gauge } from 'prom-client'
import { knownMethod } from '../http.ts'
import { errorTypeOf, httpMethodOf, statusOf, textOf } from './attribute-values.ts'
import { DurationHistogram } from './duration-histogram.ts'
import type { OpenMetricsRegistry } from './span-metric.ts'
import type { SpanState } from './span-state.ts'

/** Label of requests that no route took; the raw path never becomes a label. */
const UNMATCHED = 'unmatched'

/** How the metrics of a processor are made. */
export interface SpanMetricsOptions {
  /** Upper bounds in seconds, ascending. */
  readonly durationBuckets: readonly number[]
  /** Series of each metric at most. */
  readonly maxSeries: number
}

/** Rate, errors and duration of the requests this service answers. */
export class HttpServerMetrics {
  readonly #duration: DurationHistogram
  readonly #active = new Map<string, number>()

  constructor(register: OpenMetricsRegistry, { durationBuckets, maxSeries }: SpanMetricsOptions) {
    this.#duration = new DurationHistogram(register, {
      name: 'http_server_request_duration_seconds',
      help: 'Duration of HTTP server requests',
      labelNames: ['http_request_method', 'http_route', 'http_response_status_code', 'error_type'],
      buckets: durationBuckets,
      maxSeries,
    })
    const active = this.#active
    new Gauge({
      name: 'http_server_active_requests',
      help: 'Number of HTTP server requests in flight',
      labelNames: ['http_request_method'],
      registers: [register],
      // Counted in a Map and read at the scrape: prom-client's own count costs a label hash a request.
      collect() {
        for (const [method, count] of active) this.set({ http_request_method: method }, count)
      },
    })
  }

  /** Counts a request as active if its method is known from the start. */
  started({ attributes }: Pick<ReadableSpan, 'attributes'>, state: SpanState): void {
    const method = httpMethodOf(attributes)
    if (method === undefined || state.activeMethod !== undefined) return
    state.activeMethod = knownMethod(method)
    this.#active.set(state.activeMethod, (this.#active.get(state.activeMethod) ?? 0) + 1)
  }

  /** Takes back what {@link started} counted. */
  stopped(state: SpanState): void {
    const { activeMethod: method } = state
    if (method === undefined) return
    state.activeMethod = undefined
    this.#active.set(method, (this.#active.get(method) ?? 1) - 1)
  }

  /** @param lentRoute what a span of the framework below told */
  ended(
    span: ReadableSpan,
    seconds: number,
    lentRoute: string | undefined,
    exemplar: SpanContext | undefined,
  ): void {
    const { attributes } = span
    const method = httpMethodOf(attributes)
    if (method === undefined) return
    const route = textOf(attributes['http.route']) ?? lent(lentRoute, attributes) ?? UNMATCHED
    this.#duration.observe(
      [knownMethod(method), route, statusOf(attributes), errorTypeOf(span)],
      seconds,
      exemplar,
    )
  }
}

/** `/` is told by every middleware of an application, of which it says nothing but for the path `/` itself. */
function lent(route: string | undefined, attributes: Attributes): string | undefined {
  if (route !== '/') return route
  const path = attributes['url.path'] ?? attributes['http.target']
  return path === '/' ? route : undefined
}
