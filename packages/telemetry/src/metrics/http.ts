import { isIP } from 'node:net'
import type { Attributes, SpanContext } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { Gauge } from 'prom-client'
import { knownMethod } from '../http.ts'
import { errorTypeOf, httpMethodOf, statusOf, textOf } from './span-attributes.ts'
import { DurationHistogram, type OpenMetricsRegistry, type SpanMetricsOptions } from './span-metric.ts'
import type { SpanState } from './span-state.ts'

/** Label of requests that no route took; the raw path never becomes a label. */
const UNMATCHED = 'unmatched'

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

  /** @param lentRoute the route that a span of the framework below has */
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

/** Every middleware of an application has `/`, which says nothing except about the path `/` itself. */
function lent(route: string | undefined, attributes: Attributes): string | undefined {
  if (route !== '/') return route
  const path = attributes['url.path'] ?? attributes['http.target']
  return path === '/' ? route : undefined
}

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

/**
 * Name of the service that was called, by today's convention or an earlier one; empty for none, as an address is no
 * name. `docs/decisions/2026-12-01-peer-service.md` says which names there are.
 */
function peerOf(attributes: Attributes): string {
  const name =
    attributes['server.service.name'] ?? attributes['service.peer.name'] ?? attributes['peer.service']
  return textOf(name) ?? hostOf(attributes) ?? ''
}

/** `server.address` unless it is an IP. */
export function hostOf(attributes: Attributes): string | undefined {
  const address = textOf(attributes['server.address'] ?? attributes['net.peer.name'])
  if (address === undefined || address.includes(':') || isIP(address) !== 0) return undefined
  return address
}
