import { Histogram, type OpenMetricsContentType, type Registry } from 'prom-client'
import type { MetricsOptions } from '../options.ts'
import type { RecordedSpan } from '../trace/span.ts'
import { exemplarLabels } from './exemplar.ts'

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
  readonly #duration: Histogram<string>

  constructor(register: Registry<OpenMetricsContentType>, options: MetricsOptions) {
    this.#duration = new Histogram({
      name: 'http_client_request_duration_seconds',
      help: 'Duration of HTTP client requests, until the body has arrived',
      labelNames: ['http_request_method', 'http_response_status_code', 'peer_service', 'error_type'],
      buckets: [...options.durationBuckets],
      enableExemplars: true,
      registers: [register],
    })
  }

  finished(request: ClientRequest): void {
    const { method, status, peerService, errorType, durationSeconds, exemplar } = request
    const labels: Record<string, string | number> = { http_request_method: method, peer_service: peerService }
    if (status !== undefined) labels.http_response_status_code = status
    if (errorType !== undefined) labels.error_type = errorType
    this.#duration.observe({ labels, value: durationSeconds, exemplarLabels: exemplarLabels(exemplar) })
  }
}
