import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { context, propagation, type Span, SpanKind, type Tracer, trace } from '@opentelemetry/api'
import { monotonicMs, toHrTime } from '../clock.ts'
import { knownMethod, spanMethod } from '../http-method.ts'
import { attributesOf } from '../spans/attributes.ts'
import { errorTypeOf, recordFailure } from '../spans/record-error.ts'
import { headerSetter, type RequestHeaders } from './headers.ts'
import { Origins } from './origins.ts'

/** What undici 5 to 8, Node's own copy included, publish on their diagnostics channels. */
interface UndiciRequest extends RequestHeaders {
  readonly origin: string | URL
  readonly path: string
  readonly method: string
  [OPERATION]?: Operation | undefined
}

interface Operation {
  readonly span: Span
  status: number | undefined
}

const OPERATION = Symbol('faultline http client operation')

export interface HttpClientInstrumentation {
  setPeerService(origin: string, name: string): void
  stop(): void
}

/**
 * Client spans and header injection for every request of every copy of undici, `fetch` included.
 * @param peerServices name by origin; strangers are handed no baggage
 */
export function instrumentHttpClient(
  tracer: Tracer,
  peerServices: Readonly<Record<string, string>>,
): HttpClientInstrumentation {
  const origins = new Origins(peerServices)

  function onCreate(message: unknown): void {
    const { request } = message as { request: UndiciRequest }
    const origin = origins.lookUp(typeof request.origin === 'string' ? request.origin : request.origin.origin)
    const active = context.active()
    const method = knownMethod(request.method)
    const options = { kind: SpanKind.CLIENT, startTime: toHrTime(monotonicMs()) }
    const span = tracer.startSpan(spanMethod(method), options, active)
    const attributes = attributesOf(span)
    attributes['http.request.method'] = method
    span.setAttribute('url.full', origin.url + withoutQuery(request.path))
    attributes['server.address'] = origin.host
    attributes['server.port'] = origin.port
    if (origin.peerService !== '') attributes['peer.service'] = origin.peerService
    const base = origin.peerService === '' ? propagation.deleteBaggage(active) : active
    propagation.inject(trace.setSpan(base, span), request, headerSetter)
    request[OPERATION] = { span, status: undefined }
  }

  function onHeaders(message: unknown): void {
    const { request, response } = message as { request: UndiciRequest; response: { statusCode: number } }
    const operation = request[OPERATION]
    if (operation) operation.status = response.statusCode
  }

  // The body has arrived: published at the end of the response, not when its reader closes it.
  function onTrailers(message: unknown): void {
    finish((message as { request: UndiciRequest }).request, undefined, undefined)
  }

  function onError(message: unknown): void {
    const { request, error } = message as { request: UndiciRequest; error: unknown }
    finish(request, errorTypeOf(error), error)
  }

  const channels = [
    ['undici:request:create', onCreate],
    ['undici:request:headers', onHeaders],
    ['undici:request:trailers', onTrailers],
    ['undici:request:error', onError],
  ] as const
  for (const [name, listener] of channels) subscribe(name, listener)

  return {
    setPeerService: (origin, name) => origins.name(origin, name),
    stop() {
      for (const [name, listener] of channels) unsubscribe(name, listener)
    },
  }
}

function finish(request: UndiciRequest, failure: string | undefined, error: unknown): void {
  const operation = request[OPERATION]
  if (!operation) return
  request[OPERATION] = undefined
  const { span, status } = operation
  // For a client, 4xx is an error as well: https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status
  const errorType = failure ?? (status !== undefined && status >= 400 ? String(status) : undefined)
  const attributes = attributesOf(span)
  if (status !== undefined) attributes['http.response.status_code'] = status
  if (errorType !== undefined) {
    attributes['error.type'] = errorType
    recordFailure(span, error)
  }
  span.end(toHrTime(monotonicMs()))
}

/** Queries may hold secrets and would make `url.full` differ for each request. */
function withoutQuery(path: string): string {
  const query = path.indexOf('?')
  return query === -1 ? path : path.slice(0, query)
}
