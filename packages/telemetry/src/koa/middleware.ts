import { context, type Span, type Tracer } from '@opentelemetry/api'
import { monotonicMs } from '../clock.ts'
import { knownMethod } from '../http-method.ts'
import type { LogPipeline } from '../logs/logger.ts'
import type { MiddlewareOptions } from '../options.ts'
import type { LabelSlot } from '../profiles/label-slots.ts'
import type { SampleOrigin } from '../profiles/origin.ts'
import type { SampleLabels } from '../profiles/plugin.ts'
import { attributesOf } from '../spans/attributes.ts'
import { outcomeOf } from './outcome.ts'
import { routeOf } from './route.ts'
import { endServerSpan, pathOf, startServerSpan } from './server-span.ts'
import type { KoaContext, KoaMiddleware, KoaNext, TelemetryState } from './types.ts'

/** What the middleware feeds; undefined for what is off. */
export interface MiddlewareDependencies {
  readonly tracer: Tracer | undefined
  readonly accessLog: LogPipeline | undefined
  readonly labels: SampleLabels | undefined
  readonly trustIncomingContext: boolean
  readonly baggageKeys: ReadonlySet<string>
}

/** Where a request's exchange hangs on its context. */
const EXCHANGE = Symbol('faultline exchange')
type Observed = KoaContext & { [EXCHANGE]?: Exchange }

/**
 * The first middleware: everything that is known about a request from outside. Used a second time below a middleware
 * that turns errors into answers, it notes what was thrown there.
 */
export function createMiddleware(
  dependencies: MiddlewareDependencies,
  { ignore }: MiddlewareOptions,
): KoaMiddleware {
  const { tracer, accessLog, labels, trustIncomingContext: isTrusted, baggageKeys } = dependencies
  if (!tracer && !accessLog && !labels) return (_ctx, next) => next()
  const watched = new WeakSet<object>()

  return function telemetryMiddleware(ctx: Observed, next) {
    if (ctx[EXCHANGE]) return noted(ctx[EXCHANGE], next)
    const { req, app } = ctx
    if (ignore?.(req)) return next()
    if (app && !watched.has(app)) {
      watched.add(app)
      app.on('error', noteEmitted)
    }
    const startMs = monotonicMs()
    const method = knownMethod(req.method)
    const path = pathOf(req)
    const server = tracer && startServerSpan({ tracer, isTrusted, baggageKeys }, req, method, path, startMs)
    const exchange = new Exchange(dependencies, ctx, method, path, server?.span, startMs)
    ctx[EXCHANGE] = exchange
    // Always emitted: after `finish`, and when the client goes away before.
    ctx.res.on('close', () => exchange.end())
    const { label } = exchange
    const run = (): Promise<unknown> =>
      server ? context.with(server.active, noted, undefined, exchange, next) : noted(exchange, next)
    return labels && label ? labels.run(label, run) : run()
  }
}

/** What a middleware above or below has caught and reported, as Koa's documentation has it do. */
function noteEmitted(error: unknown, ctx?: KoaContext): void {
  const exchange = (ctx as Observed | undefined)?.[EXCHANGE]
  if (exchange) exchange.error ??= error
}

function noted(exchange: Exchange, next: KoaNext): Promise<unknown> {
  return next().catch((error: unknown) => {
    exchange.error ??= error
    throw error
  })
}

/** One request and its answer. */
class Exchange {
  readonly label: LabelSlot | undefined
  /** The first that was thrown, whoever caught it. */
  error: unknown
  readonly #span: Span | undefined
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
    span: Span | undefined,
    startMs: number,
  ) {
    this.#dependencies = dependencies
    this.#ctx = ctx
    this.#method = method
    this.#path = path
    this.#span = span
    this.#startMs = startMs
    const { labels } = dependencies
    if (!labels) return
    const { traceId = '', spanId = '' } = span?.spanContext() ?? {}
    this.#origin = { traceId, spanId, route: undefined }
    this.label = labels.label(this.#origin)
    // Where Grafana looks for the profile of a span.
    if (span && this.label) attributesOf(span)['pyroscope.profile.id'] = spanId
  }

  end(): void {
    const { accessLog, labels } = this.#dependencies
    const ctx = this.#ctx
    const span = this.#span
    const { error, label } = this
    const method = this.#method
    const route = routeOf(ctx)
    if (this.#origin) this.#origin.route = route
    if (label) labels?.release(label)
    const endMs = monotonicMs()
    const { statusCode, errorType } = outcomeOf(ctx.res, error)
    const { requestId: id } = ctx.state as TelemetryState
    const requestId = typeof id === 'string' ? id : undefined
    if (span) endServerSpan(span, { method, route, statusCode, errorType, requestId, error }, endMs)
    const hasFailed = statusCode !== undefined && statusCode >= 500
    accessLog?.access({
      level: hasFailed ? 'error' : 'info',
      fields: {
        'http.request.method': method,
        'http.route': route,
        'url.path': this.#path,
        'http.response.status_code': statusCode,
        // To the microsecond: more digits cost more to write than all else in the line, and say nothing.
        'http.server.request.duration': Math.round((endMs - this.#startMs) * 1e3) / 1e6,
        'request.id': requestId,
        'error.type': errorType,
      },
      spanContext: span?.spanContext(),
      err: hasFailed ? error : undefined,
    })
  }
}
