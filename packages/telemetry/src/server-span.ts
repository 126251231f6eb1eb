import type { IncomingMessage } from 'node:http'
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api'
import { OTHER_METHOD, spanMethod } from './http-method.ts'
import { remoteParent } from './trace/remote-parent.ts'
import type { RecordedSpan } from './trace/span.ts'
import type { LightTracer, ParentContext } from './trace/tracer.ts'

/**
 * Starts the span of a request that came in, with the stable attributes of
 * https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span
 * @param isTrusted whether the caller's trace and keep mark are honoured; else they become a link
 * @param startMs monotonic milliseconds
 */
export function startServerSpan(
  tracer: LightTracer,
  isTrusted: boolean,
  req: IncomingMessage,
  method: string,
  path: string,
  startMs: number,
): RecordedSpan {
  const { headers, socket } = req
  const caller = readParent(req)
  const span = tracer.start(spanMethod(method), SpanKind.SERVER, isTrusted ? caller : undefined, startMs)
  if (caller && !isTrusted) {
    const { traceId, spanId } = caller
    span.addLink({ context: { traceId, spanId, traceFlags: TraceFlags.NONE, isRemote: true } })
  }
  span.pushAttribute('http.request.method', method)
  if (method === OTHER_METHOD) span.pushAttribute('http.request.method_original', req.method ?? '')
  span.pushAttribute('url.path', path)
  span.pushAttribute('url.scheme', 'encrypted' in socket ? 'https' : 'http')
  if (headers.host !== undefined) pushHost(span, headers.host)
  if (socket.remoteAddress !== undefined) span.pushAttribute('client.address', socket.remoteAddress)
  const userAgent = headers['user-agent']
  if (userAgent !== undefined) span.pushAttribute('user_agent.original', userAgent)
  span.pushAttribute('network.protocol.version', req.httpVersion)
  if (span.kept) span.markKept()
  return span
}

export interface FinishedRequest {
  readonly method: string
  readonly route: string | undefined
  readonly statusCode: number
  readonly errorType: string | undefined
  readonly requestId: string | undefined
  readonly error: unknown
}

/** Names the span by its route and ends it. @param endMs monotonic milliseconds */
export function endServerSpan(span: RecordedSpan, request: FinishedRequest, endMs: number): void {
  const { method, route, statusCode, errorType, requestId, error } = request
  // setAttribute, as the service may have set one of these itself.
  if (route !== undefined) {
    span.name = `${spanMethod(method)} ${route}`
    span.setAttribute('http.route', route)
  }
  span.setAttribute('http.response.status_code', statusCode)
  if (requestId !== undefined) span.setAttribute('request.id', requestId)
  if (errorType !== undefined) span.setAttribute('error.type', errorType)
  if (statusCode >= 500) {
    span.setStatus({ code: SpanStatusCode.ERROR })
    if (error instanceof Error) span.recordException(error)
  }
  span.endAt(endMs)
}

/** Path without query, which may hold secrets. */
export function pathOf({ url = '/' }: IncomingMessage): string {
  const query = url.indexOf('?')
  return query === -1 ? url : url.slice(0, query)
}

function readParent({ headers }: IncomingMessage): ParentContext | undefined {
  const { traceparent, tracestate } = headers
  const traceState = typeof tracestate === 'string' ? tracestate : (tracestate?.join(',') ?? '')
  return remoteParent(typeof traceparent === 'string' ? traceparent : undefined, traceState)
}

/** `host`, `host:port` or `[v6]:port`. */
function pushHost(span: RecordedSpan, host: string): void {
  const colon = host.lastIndexOf(':')
  const port = colon === -1 || host.endsWith(']') ? Number.NaN : Number(host.slice(colon + 1))
  if (Number.isNaN(port)) span.pushAttribute('server.address', host)
  else {
    span.pushAttribute('server.address', host.slice(0, colon))
    span.pushAttribute('server.port', port)
  }
}
