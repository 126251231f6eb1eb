import type { IncomingMessage } from 'node:http'
import { type Context, context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { knownMethod } from './http-method.ts'
import type { KoaContext, KoaMiddleware, TelemetryState } from './koa.ts'
import type { LogPipeline } from './logs/logger.ts'
import { leadsToStoredTrace } from './metrics/exemplar.ts'
import type { HttpServerMetrics } from './metrics/http-server.ts'
import type { MiddlewareOptions, TraceOptions } from './options.ts'
import type { ProfileScope } from './profiles/scope.ts'
import { routeOf, UNMATCHED } from './route.ts'
import { monotonicMs } from './trace/clock.ts'
import { hasKeepMark } from './trace/keep.ts'
import type { RecordedSpan } from './trace/span.ts'
import { parseTraceparent } from './trace/traceparent.ts'
import type { LightTracer, ParentContext } from './trace/tracer.ts'

export interface MiddlewareDependencies {
  readonly tracer: LightTracer | undefined
  readonly traces: TraceOptions
  readonly metrics: HttpServerMetrics | undefined
  /** Writes access lines; undefined when they are off. */
  readonly accessLog: LogPipeline | undefined
  /** Labels profile samples; undefined when spans are not to be linked. */
  readonly profiles: ProfileScope | undefined
}

/** The first middleware: everything that is known about a request from outside. */
export function createMiddleware(
  dependencies: MiddlewareDependencies,
  { ignore }: MiddlewareOptions,
): KoaMiddleware {
  const { tracer, metrics, accessLog, profiles } = dependencies
  if (!tracer && !metrics && !accessLog) return (_ctx, next) => next()

  return function telemetryMiddleware(ctx, next) {
    const { req } = ctx
    if (ignore?.(req)) return next()
    const startMs = monotonicMs()
    const method = knownMethod(req.method)
    metrics?.started(method)
    const span = tracer && startServerSpan(tracer, dependencies.traces, req, method, startMs)
    const exchange = new Exchange(dependencies, ctx, method, span, startMs)
    // Always emitted: after `finish`, and when the client goes away before.
    ctx.res.once('close', () => exchange.end())
    if (!span) return next()
    const active = trace.setSpan(context.active(), span)
    if (!profiles) return run(active, exchange, next)
    span.pushAttribute('pyroscope.profile.id', span.spanId)
    return profiles.run(exchange, () => run(active, exchange, next))
  }
}

function run(active: Context, exchange: Exchange, next: () => Promise<unknown>): Promise<unknown> {
  return context.with(active, next).catch((error: unknown) => {
    exchange.fail(error)
    throw error
  })
}

/** One request and its answer. It is also the label of profile samples, read when a profile is encoded. */
export class Exchange {
  readonly span: RecordedSpan | undefined
  /** Known once the router has run. */
  route: string | undefined
  readonly #dependencies: MiddlewareDependencies
  readonly #method: string
  readonly #startMs: number
  // Given up at the end: a profile may hold this object for longer than the request lives.
  #ctx: KoaContext | undefined
  #error: unknown

  constructor(
    dependencies: MiddlewareDependencies,
    ctx: KoaContext,
    method: string,
    span: RecordedSpan | undefined,
    startMs: number,
  ) {
    this.#dependencies = dependencies
    this.#ctx = ctx
    this.#method = method
    this.span = span
    this.#startMs = startMs
  }

  fail(error: unknown): void {
    this.#error = error
  }

  end(): void {
    const ctx = this.#ctx
    if (!ctx) return
    this.#ctx = undefined
    const endMs = monotonicMs()
    const { metrics, accessLog, traces } = this.#dependencies
    const { span } = this
    const { statusCode, writableFinished } = ctx.res
    const error = this.#error
    const route = routeOf(ctx)
    this.route = route
    // A client that leaves is no failure of the server; what it was sent, if anything, stays the status.
    const errorType =
      statusCode >= 500 ? errorName(error, statusCode) : writableFinished ? undefined : 'client_abort'
    const durationSeconds = (endMs - this.#startMs) / 1e3
    const { requestId } = ctx.state as TelemetryState
    const request = {
      method: this.#method,
      route,
      statusCode,
      errorType,
      durationSeconds,
      requestId: typeof requestId === 'string' ? requestId : undefined,
    }
    if (span) endServerSpan(span, request, error, endMs)
    metrics?.finished({
      method: this.#method,
      route: route ?? UNMATCHED,
      status: statusCode,
      errorType,
      durationSeconds,
      exemplar: span && leadsToStoredTrace(span, traces.slowThresholdMs) ? span : undefined,
    })
    accessLog?.access({
      level: statusCode >= 500 ? 'error' : 'info',
      fields: {
        'http.request.method': this.#method,
        'http.route': route,
        'url.path': pathOf(ctx.req),
        'http.response.status_code': statusCode,
        'http.server.request.duration': durationSeconds,
        'request.id': request.requestId,
        'error.type': errorType,
      },
      span,
    })
  }
}

function startServerSpan(
  tracer: LightTracer,
  { trustIncomingContext }: TraceOptions,
  req: IncomingMessage,
  method: string,
  startMs: number,
): RecordedSpan {
  const incoming = readParent(req)
  const span = tracer.start(method, SpanKind.SERVER, trustIncomingContext ? incoming : undefined, startMs)
  if (incoming && !trustIncomingContext) {
    span.addLink({ context: { traceId: incoming.traceId, spanId: incoming.spanId, traceFlags: 0 } })
  }
  span.pushAttribute('http.request.method', method)
  if (method === '_OTHER') span.pushAttribute('http.request.method_original', req.method ?? '')
  span.pushAttribute('url.path', pathOf(req))
  span.pushAttribute('url.scheme', 'encrypted' in req.socket ? 'https' : 'http')
  const host = req.headers.host
  if (host !== undefined) pushHost(span, host)
  const client = req.socket.remoteAddress
  if (client !== undefined) span.pushAttribute('client.address', client)
  const userAgent = req.headers['user-agent']
  if (userAgent !== undefined) span.pushAttribute('user_agent.original', userAgent)
  span.pushAttribute('network.protocol.version', req.httpVersion)
  if (span.kept) span.markKept()
  return span
}

function readParent({ headers }: IncomingMessage): ParentContext | undefined {
  const { traceparent, tracestate } = headers
  const parent = typeof traceparent === 'string' ? parseTraceparent(traceparent) : undefined
  if (!parent) return undefined
  const traceState = typeof tracestate === 'string' ? tracestate : (tracestate?.join(',') ?? '')
  return { traceId: parent.traceId, spanId: parent.spanId, traceState, kept: hasKeepMark(traceState) }
}

interface FinishedRequest {
  readonly method: string
  readonly route: string | undefined
  readonly statusCode: number
  readonly errorType: string | undefined
  readonly requestId: string | undefined
}

function endServerSpan(span: RecordedSpan, request: FinishedRequest, error: unknown, endMs: number): void {
  const { method, route, statusCode, errorType, requestId } = request
  if (route !== undefined) {
    span.name = `${method} ${route}`
    span.pushAttribute('http.route', route)
  }
  span.pushAttribute('http.response.status_code', statusCode)
  if (requestId !== undefined) span.pushAttribute('request.id', requestId)
  if (errorType !== undefined) span.pushAttribute('error.type', errorType)
  if (statusCode >= 500) {
    span.setStatus({ code: SpanStatusCode.ERROR })
    if (error instanceof Error) span.recordException(error)
  }
  span.endAt(endMs)
}

function pathOf({ url = '/' }: IncomingMessage): string {
  const query = url.indexOf('?')
  return query === -1 ? url : url.slice(0, query)
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

function errorName(error: unknown, statusCode: number): string {
  return error instanceof Error && error.name !== 'Error' ? error.name : String(statusCode)
}
