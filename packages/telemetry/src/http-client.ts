import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { formatBaggage } from './baggage/baggage.ts'
import { knownMethod, spanMethod } from './http-method.ts'
import { leadsToStoredTrace } from './metrics/exemplar.ts'
import type { HttpClientMetrics } from './metrics/http-client.ts'
import { monotonicMs } from './trace/clock.ts'
import type { RecordedSpan } from './trace/span.ts'
import { formatTraceparent } from './trace/traceparent.ts'
import { type LightTracer, parentOf } from './trace/tracer.ts'

/** What undici 5 to 8, Node's own copy included, publish on their diagnostics channels. */
interface UndiciRequest {
  readonly origin: string | URL
  readonly path: string
  readonly method: string
  addHeader(name: string, value: string): unknown
  [OPERATION]?: Operation | undefined
}

interface Operation {
  readonly span: RecordedSpan | undefined
  readonly startMs: number
  readonly peerService: string
  status: number | undefined
}

const OPERATION = Symbol('faultline http client operation')

export interface HttpClientInstrumentation {
  setPeerService(origin: string, name: string): void
  stop(): void
}

export interface HttpClientDependencies {
  readonly tracer: LightTracer | undefined
  readonly metrics: HttpClientMetrics | undefined
  readonly slowThresholdMs: number
  readonly baggageKeys: ReadonlySet<string>
  readonly peerServices: Readonly<Record<string, string>>
}

/** Client spans, header injection and metrics for every request of every copy of undici, `fetch` included. */
export function instrumentHttpClient(dependencies: HttpClientDependencies): HttpClientInstrumentation {
  const { tracer, metrics, slowThresholdMs, baggageKeys } = dependencies
  const origins = new Map<string, Origin>()
  const peerServices = new Map<string, string>()
  for (const [origin, name] of Object.entries(dependencies.peerServices))
    peerServices.set(originOf(origin), name)

  function lookUp(origin: string): Origin {
    let known = origins.get(origin)
    if (!known) {
      known = describeOrigin(origin, peerServices.get(originOf(origin)) ?? '')
      if (origins.size < MAX_ORIGINS) origins.set(origin, known)
    }
    return known
  }

  function onCreate(message: unknown): void {
    const { request } = message as { request: UndiciRequest }
    const origin = lookUp(typeof request.origin === 'string' ? request.origin : request.origin.origin)
    const startMs = monotonicMs()
    const { peerService } = origin
    let span: RecordedSpan | undefined
    if (tracer) {
      const method = knownMethod(request.method)
      span = tracer.start(
        spanMethod(method),
        SpanKind.CLIENT,
        parentOf(trace.getSpan(context.active())),
        startMs,
      )
      span.pushAttribute('http.request.method', method)
      span.pushAttribute('url.full', origin.url + withoutQuery(request.path))
      span.pushAttribute('server.address', origin.host)
      span.pushAttribute('server.port', origin.port)
      if (peerService !== '') span.pushAttribute('peer.service', peerService)
      request.addHeader('traceparent', formatTraceparent(span.traceId, span.spanId))
      if (span.traceState !== '') request.addHeader('tracestate', span.traceState)
    }
    // Not to strangers: baggage is for services that have a name.
    if (baggageKeys.size > 0 && peerService !== '') {
      const baggage = formatBaggage(propagation.getBaggage(context.active()), baggageKeys)
      if (baggage !== '') request.addHeader('baggage', baggage)
    }
    request[OPERATION] = { span, startMs, peerService, status: undefined }
  }

  function onHeaders(message: unknown): void {
    const { request, response } = message as { request: UndiciRequest; response: { statusCode: number } }
    const operation = request[OPERATION]
    if (operation) operation.status = response.statusCode
  }

  function finish(request: UndiciRequest, failure: string | undefined, error: unknown): void {
    const operation = request[OPERATION]
    if (!operation) return
    request[OPERATION] = undefined
    const { span, status, startMs, peerService } = operation
    const endMs = monotonicMs()
    // For a client, 4xx is an error as well: https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status
    const errorType = failure ?? (status !== undefined && status >= 400 ? String(status) : undefined)
    if (span) {
      if (status !== undefined) span.pushAttribute('http.response.status_code', status)
      if (errorType !== undefined) {
        span.pushAttribute('error.type', errorType)
        span.setStatus({ code: SpanStatusCode.ERROR })
      }
      if (error instanceof Error) span.recordException(error)
      span.endAt(endMs)
    }
    metrics?.finished({
      method: knownMethod(request.method),
      status,
      peerService,
      errorType,
      durationSeconds: (endMs - startMs) / 1e3,
      exemplar: span && leadsToStoredTrace(span, slowThresholdMs) ? span : undefined,
    })
  }

  // The body has arrived: published at the end of the response, not when its reader closes it.
  function onTrailers(message: unknown): void {
    finish((message as { request: UndiciRequest }).request, undefined, undefined)
  }

  function onError(message: unknown): void {
    const { request, error } = message as { request: UndiciRequest; error: unknown }
    finish(request, errorName(error), error)
  }

  const channels = [
    ['undici:request:create', onCreate],
    ['undici:request:headers', onHeaders],
    ['undici:request:trailers', onTrailers],
    ['undici:request:error', onError],
  ] as const
  for (const [name, listener] of channels) subscribe(name, listener)

  return {
    setPeerService(origin, name) {
      peerServices.set(originOf(origin), name)
      origins.clear()
    },
    stop() {
      for (const [name, listener] of channels) unsubscribe(name, listener)
    },
  }
}

/** Origins that are remembered; a service that calls more pays for parsing again. */
const MAX_ORIGINS = 256

interface Origin {
  readonly url: string
  readonly host: string
  readonly port: number
  readonly peerService: string
}

function describeOrigin(origin: string, peerService: string): Origin {
  const url = URL.parse(origin)
  const port = Number(url?.port || (url?.protocol === 'https:' ? 443 : 80))
  return { url: url?.origin ?? origin, host: url?.hostname ?? origin, port, peerService }
}

/** Spelling that `new URL().origin` gives, so that a trailing slash or a default port does not matter. */
function originOf(origin: string): string {
  return URL.parse(origin)?.origin ?? origin
}

/** Queries may hold secrets and would make `url.full` differ for each request. */
function withoutQuery(path: string): string {
  const query = path.indexOf('?')
  return query === -1 ? path : path.slice(0, query)
}

function errorName(error: unknown): string {
  if (!(error instanceof Error)) return 'Error'
  const { code } = error as NodeJS.ErrnoException
  return typeof code === 'string' ? code : error.name
}
