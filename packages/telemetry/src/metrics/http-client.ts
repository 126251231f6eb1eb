import type { OpenMetricsContentType, Registry } from 'prom-client'
import type { MetricsOptions } from '../options.ts'
import type { RecordedSpan } from '../trace/span.ts'
import { DurationHistogram } from './duration-histogram.ts'

/** One finished outgoing request; `status` is undefined when no answer came. */
export interface ClientRequest {
  readonly method: string
  readonly status: number | undefined
  readonly peerService: string
  readonly errorType: string | undefined
  readonly durationSeconds: number
  readonly exemplar: RecordedSpan | undefined
}

/** Rate, errors and duration of the requests this service makes. */
export class HttpClientMetrics {
  readonly #duration: DurationHistogram

  constructor(register: Registry<OpenMetricsContentType>, options: MetricsOptions) {
    this.#duration = new DurationHistogram(register, {
      name: 'http_client_request_duration_seconds',
      help: 'Duration of HTTP client requests, until the body has arrived',
      labelNames: ['http_request_method', 'peer_service', 'http_response_status_code', 'error_type'],
      buckets: options.durationBuckets,
    })
  }

  finished({ method, status, peerService, errorType, durationSeconds, exemplar }: ClientRequest): void {
    this.#duration.observe([method, peerService, status, errorType], durationSeconds, exemplar)
  }
}
