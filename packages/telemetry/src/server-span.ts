import type { IncomingMessage, ServerResponse } from 'node:http'
import {
  type Context,
  context,
  propagation,
  type Span,
  type SpanContext,
  SpanKind,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { showBaggage, withListedBaggage } from './baggage.ts'
import { CLIENT_ABORT, OTHER_METHOD, spanMethod } from './http.ts'
import { attributesOf, readText, recordFailure, toHrTime } from './spans.ts'

export interface ServerSpanOptions {
  /** Whether the caller's trace, keep mark and baggage are honoured; else its span becomes a link. */
  readonly trustIncomingContext: boolean
  /** Members of baggage that are taken. */
  readonly baggageKeys: ReadonlySet<string>
}

/**
 * Starts the span of a request that came in, with the stable attributes of
 * https://opentelemetry.io/docs/specs/semconv/http/http-spans/#http-server-span
 * @param startMs monotonic milliseconds
 * @returns also the context of the handlers
 */
export function startServerSpan(
  tracer: Tracer,
  options: ServerSpanOptions,
  req: IncomingMessage,
  method: string,
  path: string,
  startMs: number,
): { readonly span: Span; readonly active: Context } {
  const { parent, caller } = originOf(req, options)
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
  readonly caller?: SpanContext
}

function originOf(req: IncomingMessage, { trustIncomingContext, baggageKeys }: ServerSpanOptions): Origin {
  const active = context.active()
  const outer = trace.getSpan(active) as (Span & Partial<ReadableSpan>) | undefined
  // Another instrumentation has the request's span: ours goes below it.
  if (outer?.kind === SpanKind.SERVER && outer.isRecording()) return { parent: active }
  const base = outer ? trace.deleteSpan(active) : active
  const incoming = propagation.extract(base, req.headers)
  if (trustIncomingContext) return { parent: withListedBaggage(incoming, baggageKeys) }
  const { traceId, spanId } = trace.getSpanContext(incoming) ?? {}
  if (traceId === undefined || spanId === undefined) return { parent: base }
  return { parent: base, caller: { traceId, spanId, traceFlags: TraceFlags.NONE, isRemote: true } }
}

/** Names the span by its route and ends it. @param endMs monotonic milliseconds */
export function endServerSpan(
  span: Span,
  { method, route, statusCode, errorType, requestId, error }: FinishedRequest,
  endMs: number,
): void {
  const attributes = attributesOf(span)
  if (route !== undefined) {
    span.updateName(`${spanMethod(method)} ${route}`)
    attributes['http.route'] = route
  }
  if (statusCode !== undefined) attributes['http.response.status_code'] = statusCode
  if (requestId !== undefined) span.setAttribute('request.id', requestId)
  if (errorType !== undefined) attributes['error.type'] = errorType
  if (statusCode !== undefined && statusCode >= 500) recordFailure(span, error)
  span.end(toHrTime(endMs))
}

/** `host`, `host:port` or `[v6]:port`. */
function setHost(span: Span, host: string): void {
  const colon = host.lastIndexOf(':')
  const port = colon === -1 || host.endsWith(']') ? Number.NaN : Number(host.slice(colon + 1))
  span.setAttribute('server.address', Number.isNaN(port) ? host : host.slice(0, colon))
  if (!Number.isNaN(port)) attributesOf(span)['server.port'] = port
}

/** How a request ended, as span, metric and access line show it. */
interface Outcome {
  /** Undefined when the client left before there was an answer. */
  readonly statusCode: number | undefined
  readonly errorType: string | undefined
}

interface FinishedRequest extends Outcome {
  readonly method: string
  readonly route: string | undefined
  readonly requestId: string | undefined
  readonly error: unknown
}

/**
 * A client that leaves before the answer gets no status, and Koa's first guess, 404, is none. What would have been a
 * failure stays one: the handler had thrown or said 5xx.
 * @param error what was thrown below, if anything
 */
export function outcomeOf(
  { statusCode, headersSent, writableFinished }: ServerResponse,
  error: unknown,
): Outcome {
  // Koa answers an upload that ended in the middle with 500, to nobody.
  const isFailure = statusCode >= 500 && (writableFinished || headersSent || !isAbort(error))
  if (writableFinished || headersSent || isFailure) {
    if (isFailure) return { statusCode, errorType: nameOf(error) ?? String(statusCode) }
    return { statusCode, errorType: writableFinished ? undefined : CLIENT_ABORT }
  }
  const wouldBe = error === undefined || isAbort(error) ? 0 : statusOf(error)
  if (wouldBe < 500) return { statusCode: undefined, errorType: CLIENT_ABORT }
  return { statusCode: wouldBe, errorType: nameOf(error) ?? String(wouldBe) }
}

/** Work that was given up because the client had left, or an upload that ended in the middle. */
function isAbort(error: unknown): boolean {
  return readText(error, 'name') === 'AbortError' || readText(error, 'code') === 'ECONNRESET'
}

/** The status that Koa makes of an error. */
function statusOf(error: unknown): number {
  try {
    const { status, statusCode } = Object(error) as { status?: unknown; statusCode?: unknown }
    const own = status ?? statusCode
    return typeof own === 'number' && own >= 400 && own < 600 ? own : 500
  } catch {
    return 500
  }
}

function nameOf(error: unknown): string | undefined {
  const name = error instanceof Error ? readText(error, 'name') : undefined
  return name === 'Error' ? undefined : name
}
