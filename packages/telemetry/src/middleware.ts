import { type Context, context, propagation, trace } from '@opentelemetry/api'
import { pushBaggage } from './baggage/attributes.ts'
import { parseBaggage } from './baggage/baggage.ts'
import { knownMethod } from './http-method.ts'
import type { KoaContext, KoaMiddleware, KoaNext, TelemetryState } from './koa.ts'
import type { LogPipeline } from './logs/logger.ts'
import { leadsToStoredTrace } from './metrics/exemplar.ts'
import type { HttpServerMetrics } from './metrics/http-server.ts'
import type { MiddlewareOptions } from './options.ts'
import type { LabelSlot } from './profiles/label-slots.ts'
import type { SampleOrigin } from './profiles/origin.ts'
import type { Profiler } from './profiles/profiler.ts'
import { routeOf, UNMATCHED } from './route.ts'
import { endServerSpan, pathOf, startServerSpan } from './server-span.ts'
import { monotonicMs } from './trace/clock.ts'
import type { RecordedSpan } from './trace/span.ts'
import type { LightTracer } from './trace/tracer.ts'

/** What the middleware feeds; undefined for what is off. */
export interface MiddlewareDependencies {
  readonly tracer: LightTracer | undefined
  readonly metrics: HttpServerMetrics | undefined
  readonly accessLog: LogPipeline | undefined
  readonly profiles: Profiler | undefined
  readonly trustIncomingContext: boolean
  readonly slowThresholdMs: number
  readonly baggageKeys: ReadonlySet<string>
}

/** The first middleware: everything that is known about a request from outside. */
export function createMiddleware(
  dependencies: MiddlewareDependencies,
  { ignore }: MiddlewareOptions,
): KoaMiddleware {
  const { tracer, metrics, accessLog, profiles, trustIncomingContext, baggageKeys } = dependencies
  if (!tracer && !metrics && !accessLog && !profiles) return (_ctx, next) => next()

  return function telemetryMiddleware(ctx, next) {
    const { req } = ctx
    if (ignore?.(req)) return next()
    const startMs = monotonicMs()
    const method = knownMethod(req.method)
    const path = pathOf(req)
    metrics?.started(method)
    const span = tracer && startServerSpan(tracer, trustIncomingContext, req, method, path, startMs)
    const exchange = new Exchange(dependencies, ctx, method, path, span, startMs)
    // Always emitted: after `finish`, and when the client goes away before.
    ctx.res.on('close', () => exchange.end())
    const active =
      span && contextOf(span, trustIncomingContext ? req.headers.baggage : undefined, baggageKeys)
    const { label } = exchange
    if (!profiles || !label) return run(active, exchange, next)
    return profiles.run(label, () => run(active, exchange, next))
  }
}

/** The context of the handlers: the span, and the baggage of a caller that is trusted. */
function contextOf(
  span: RecordedSpan,
  header: string | string[] | undefined,
  keys: ReadonlySet<string>,
): Context {
  const active = trace.setSpan(context.active(), span)
  const baggage = header === undefined ? undefined : parseBaggage([header].flat().join(','), keys)
  if (!baggage) return active
  pushBaggage(span, baggage)
  return propagation.setBaggage(active, baggage)
}

function run(active: Context | undefined, exchange: Exchange, next: KoaNext): Promise<unknown> {
  const result = active ? context.with(active, next) : next()
  return result.catch((error: unknown) => {
    exchange.error = error
    throw error
  })
}

/** One request and its answer. */
class Exchange {
  readonly label: LabelSlot | undefined
  error: unknown
  readonly #span: RecordedSpan | undefined
  readonly #origin: SampleOrigin | undefined
  readonly #dependencies: MiddlewareDependencies
  readonly #method: string
  readonly #path: string
  readonly #startMs: number
  readonly #ctx: KoaContext

  constructor(
    dependencies: MiddlewareDependencies,
    ctx: KoaContext,
    method: string,
    path: string,
    span: RecordedSpan | undefined,
    startMs: number,
  ) {
    this.#dependencies = dependencies
    this.#ctx = ctx
    this.#method = method
    this.#path = path
    this.#span = span
    this.#startMs = startMs
    const { profiles } = dependencies
    if (!profiles) return
    this.#origin = { traceId: span?.traceId ?? '', spanId: span?.spanId ?? '', route: undefined }
    this.label = profiles.label(this.#origin)
    // Where Grafana looks for the profile of a span.
    if (span && this.label) span.pushAttribute('pyroscope.profile.id', span.spanId)
  }

  end(): void {
    const { metrics, accessLog, profiles, slowThresholdMs } = this.#dependencies
    const ctx = this.#ctx
    const span = this.#span
    const { error, label } = this
    const method = this.#method
    const { statusCode, writableFinished } = ctx.res
    const route = routeOf(ctx)
    if (this.#origin) this.#origin.route = route
    if (label) profiles?.release(label)
    const endMs = monotonicMs()
    const durationSeconds = (endMs - this.#startMs) / 1e3
    const errorType = describeFailure(statusCode, writableFinished, error)
    const { requestId: id } = ctx.state as TelemetryState
    const requestId = typeof id === 'string' ? id : undefined
    if (span) endServerSpan(span, { method, route, statusCode, errorType, requestId, error }, endMs)
    metrics?.finished({
      method,
      route: route ?? UNMATCHED,
      status: statusCode,
      errorType,
      durationSeconds,
      exemplar: span && leadsToStoredTrace(span, slowThresholdMs) ? span : undefined,
    })
    accessLog?.access({
      level: statusCode >= 500 ? 'error' : 'info',
      fields: {
        'http.request.method': method,
        'http.route': route,
        'url.path': this.#path,
        'http.response.status_code': statusCode,
        // To the microsecond: more digits cost more to write than all else in the line, and say nothing.
        'http.server.request.duration': Math.round(durationSeconds * 1e6) / 1e6,
        'request.id': requestId,
        'error.type': errorType,
      },
      span,
    })
  }
}

/** A client that leaves is no failure of the server, but shows in the type of the error. */
function describeFailure(statusCode: number, isComplete: boolean, error: unknown): string | undefined {
  if (statusCode < 500) return isComplete ? undefined : 'client_abort'
  return error instanceof Error && error.name !== 'Error' ? error.name : String(statusCode)
}
