import { Gauge, type OpenMetricsContentType, type Registry } from 'prom-client'
import type { MetricsOptions } from '../options.ts'
import type { RecordedSpan } from '../trace/span.ts'
import { DurationHistogram } from './duration-histogram.ts'

/** One finished request, as the metrics see it. */
export interface ServerRequest {
  readonly method: string
  readonly route: string
  readonly status: number
  readonly errorType: string | undefined
  readonly durationSeconds: number
  /** Span to show as exemplar; undefined for none. */
  readonly exemplar: RecordedSpan | undefined
}

/** Rate, errors and duration of the requests this service answers. */
export class HttpServerMetrics {
  readonly #duration: DurationHistogram
  readonly #active = new Map<string, number>()

  constructor(register: Registry<OpenMetricsContentType>, options: MetricsOptions) {
    this.#duration = new DurationHistogram(register, {
      name: 'http_server_request_duration_seconds',
      help: 'Duration of HTTP server requests',
      labelNames: ['http_request_method', 'http_route', 'http_response_status_code', 'error_type'],
      buckets: options.durationBuckets,
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

  started(method: string): void {
    this.#active.set(method, (this.#active.get(method) ?? 0) + 1)
  }

  finished({ method, route, status, errorType, durationSeconds, exemplar }: ServerRequest): void {
    this.#active.set(method, (this.#active.get(method) ?? 1) - 1)
    this.#duration.observe([method, route, status, errorType], durationSeconds, exemplar)
  }
}
