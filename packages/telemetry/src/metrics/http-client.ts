import { isIP } from 'node:net'
import type { Attributes, SpanContext } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { knownMethod } from '../http.ts'
import { errorTypeOf, httpMethodOf, statusOf, textOf } from './attribute-values.ts'
import { DurationHistogram } from './duration-histogram.ts'
import type { SpanMetricsOptions } from './http-server.ts'
import type { OpenMetricsRegistry } from './span-metric.ts'

/** Rate, errors and duration of the requests this service makes. */
export class HttpClientMetrics {
  readonly #duration: DurationHistogram

  constructor(register: OpenMetricsRegistry, { durationBuckets, maxSeries }: SpanMetricsOptions) {
    this.#duration = new DurationHistogram(register, {
      name: 'http_client_request_duration_seconds',
      help: 'Duration of HTTP client requests, until the body has arrived',
      labelNames: ['http_request_method', 'peer_service', 'http_response_status_code', 'error_type'],
      buckets: durationBuckets,
      maxSeries,
    })
  }

  ended(span: ReadableSpan, seconds: number, exemplar: SpanContext | undefined): void {
    const { attributes } = span
    const method = knownMethod(httpMethodOf(attributes))
    this.#duration.observe(
      [method, peerOf(attributes), statusOf(attributes), errorTypeOf(span)],
      seconds,
      exemplar,
    )
  }
}

/** Name of the service that was called; empty for none, as an address is no name. */
function peerOf(attributes: Attributes): string {
  const name = textOf(attributes['peer.service'] ?? attributes['service.peer.name'])
  return name ?? hostOf(attributes) ?? ''
}

/** `server.address` unless it is an IP. */
export function hostOf(attributes: Attributes): string | undefined {
  const address = textOf(attributes['server.address'] ?? attributes['net.peer.name'])
  if (address === undefined || address.includes(':') || isIP(address) !== 0) return undefined
  return address
}
