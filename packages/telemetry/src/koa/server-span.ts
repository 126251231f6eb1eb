import type { IncomingMessage } from 'node:http'
import {
  type Context,
  context,
  propagation,
  type Span,
  SpanKind,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { showBaggage, withListedBaggage } from '../baggage/baggage.ts'
import { toHrTime } from '../clock.ts'
import { OTHER_METHOD, spanMethod } from '../http-method.ts'
import { attributesOf } from '../spans/attributes.ts'
import { recordFailure } from '../spans/record-error.ts'

export interface ServerSpanOptions {
  readonly tracer: Tracer
  /** Whether the caller's trace, keep mark and baggage are honoured; else its span becomes a link. */
  readonly isTrusted: boolean
  /** Members of baggage that are taken. */
  readonly baggageKeys: ReadonlySet<string>
}

export interface ServerSpan {
  readonly span: Span
  /** The context of the handlers. */
  readonly active: Context
}

/**
 * Starts the span of a request that came in, with the stable attributes of
 * https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span
 * @param startMs monotonic milliseconds
 */
export function startServerSpan(
  { tracer, isTrusted, baggageKeys }: ServerSpanOptions,
  req: IncomingMessage,
  method: string,
  path: string,
  startMs: number,
): ServerSpan {
  const { parent, caller } = originOf(req, isTrusted, baggageKeys)
  const span = tracer.startSpan(
    spanMethod(method),
    {
      kind: SpanKind.SERVER,
      startTime: toHrTime(startMs),
      attributes: { 'http.request.method': method },
      ...(caller && { links: [{ context: caller }] }),
    },
    parent,
  )
  const { headers, socket } = req
  const attributes = attributesOf(span)
  if (method === OTHER_METHOD) span.setAttribute('http.request.method_original', req.method ?? '')
  span.setAttribute('url.path', path)
  attributes['url.scheme'] = 'encrypted' in socket ? 'https' : 'http'
  if (headers.host !== undefined) setHost(span, headers.host)
  if (socket.remoteAddress !== undefined) attributes['client.address'] = socket.remoteAddress
  const userAgent = headers['user-agent']
  if (userAgent !== undefined) span.setAttribute('user_agent.original', userAgent)
  attributes['network.protocol.version'] = req.httpVersion
  showBaggage(span, parent)
  return { span, active: trace.setSpan(parent, span) }
}

interface Origin {
  readonly parent: Context
  /** A caller whose trace is not continued. */
  readonly caller?: { traceId: string; spanId: string; traceFlags: TraceFlags; isRemote: true }
}

function originOf(req: IncomingMessage, isTrusted: boolean, keys: ReadonlySet<string>): Origin {
  const active = context.active()
  const outer = trace.getSpan(active) as (Span & Partial<ReadableSpan>) | undefined
  // Another instrumentation has the request's span: ours goes below it.
  if (outer?.kind === SpanKind.SERVER && outer.isRecording()) return { parent: active }
  const base = outer ? trace.deleteSpan(active) : active
  const incoming = propagation.extract(base, req.headers)
  if (isTrusted) return { parent: withListedBaggage(incoming, keys) }
  const { traceId, spanId } = trace.getSpanContext(incoming) ?? {}
  if (traceId === undefined || spanId === undefined) return { parent: base }
  return { parent: base, caller: { traceId, spanId, traceFlags: TraceFlags.NONE, isRemote: true } }
}

export interface FinishedRequest {
  readonly method: string
  readonly route: string | undefined
  /** Undefined when the client left before there was an answer. */
  readonly statusCode: number | undefined
  readonly errorType: string | undefined
  readonly requestId: string | undefined
  readonly error: unknown
}

/** Names the span by its route and ends it. @param endMs monotonic milliseconds */
export function endServerSpan(span: Span, request: FinishedRequest, endMs: number): void {
  const { method, route, statusCode, errorType, requestId, error } = request
  const attributes = attributesOf(span)
  if (route !== undefined) {
    span.updateName(`${spanMethod(method)} ${route}`)
    attributes['http.route'] = route
  }
  if (statusCode !== undefined) attributes['http.response.status_code'] = statusCode
  if (requestId !== undefined) span.setAttribute('request.id', requestId)
  if (errorType !== undefined) attributes['error.type'] = errorType
  if (statusCode !== undefined && statusCode >= 500) {
    recordFailure(span, error)
  }
  span.end(toHrTime(endMs))
}

/** Path without query, which may hold secrets. */
export function pathOf({ url = '/' }: IncomingMessage): string {
  const query = url.indexOf('?')
  return query === -1 ? url : url.slice(0, query)
}

/** `host`, `host:port` or `[v6]:port`. */
function setHost(span: Span, host: string): void {
  const colon = host.lastIndexOf(':')
  const port = colon === -1 || host.endsWith(']') ? Number.NaN : Number(host.slice(colon + 1))
  span.setAttribute('server.address', Number.isNaN(port) ? host : host.slice(0, colon))
  if (!Number.isNaN(port)) attributesOf(span)['server.port'] = port
}
