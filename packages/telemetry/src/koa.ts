import type { IncomingMessage, ServerResponse } from 'node:http'
import { context, type Span, type Tracer } from '@opentelemetry/api'
import { knownMethod, withoutQuery } from './http.ts'
import type { LogPipeline } from './logs/logger.ts'
import type { MiddlewareOptions } from './options.ts'
import type { LabelSlot } from './profiles/label-slots.ts'
import type { SampleLabels, SampleOrigin } from './profiles/plugin.ts'
import { endServerSpan, outcomeOf, type ServerSpanOptions, startServerSpan } from './server-span.ts'
import { attributesOf } from './spans.ts'

/**
 * The part of Koa's context that the middleware touches. Structural, so that this package needs neither Koa
 * nor its types; Koa 2 and 3 and @koa/router 10 to 15 fit.
 */
export interface KoaContext {
  readonly req: IncomingMessage
  readonly res: ServerResponse
  /** Where error middleware reports what it caught: `ctx.app.emit('error', error, ctx)`. */
  readonly app?: { on(event: 'error', listener: (error: unknown, ctx?: KoaContext) => void): unknown }
  /** Set by @koa/router when a route has matched. */
  readonly _matchedRoute?: unknown
  readonly state: object
}

export type KoaNext = () => Promise<unknown>

export type KoaMiddleware = (context: KoaContext, next: KoaNext) => Promise<unknown>

/** What a service may put on `ctx.state` for the middleware to read. */
export interface TelemetryState {
  /** Route template, where no @koa/router sets it. */
  readonly httpRoute?: unknown
  /** Shown in the access line and on the server span as `request.id`. */
  readonly requestId?: unknown
}

/** What the middleware feeds; undefined for what is off. */
export interface MiddlewareDependencies extends ServerSpanOptions {
  readonly tracer: Tracer | undefined
  readonly accessLog: LogPipeline | undefined
  readonly labels: SampleLabels | undefined
}

/** One request and its answer. */
interface Exchange {
  readonly method: string
  readonly path: string
  readonly startMs: number
  readonly span: Span | undefined
  readonly origin: SampleOrigin | undefined
  readonly label: LabelSlot | undefined
  /** The first that was thrown, whoever caught it. */
  error: unknown
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
  const { tracer, accessLog, labels } = dependencies
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
    const startMs = performance.now()
    const method = knownMethod(req.method)
    // A query may hold secrets.
    const path = withoutQuery(req.url ?? '/')
    const server = tracer && startServerSpan(tracer, dependencies, req, method, path, startMs)
    const span = server?.span
    const { traceId = '', spanId = '' } = (labels && span?.spanContext()) ?? {}
    const origin = labels && { traceId, spanId, route: undefined }
    const label = origin && labels.label(origin)
    // Where Grafana looks for the profile of a span.
    if (span && label) attributesOf(span)['pyroscope.profile.id'] = spanId
    const exchange: Exchange = { method, path, startMs, span, origin, label, error: undefined }
    ctx[EXCHANGE] = exchange
    // Always emitted: after `finish`, and when the client goes away before.
    ctx.res.on('close', () => ended(dependencies, ctx, exchange))
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

function ended({ accessLog, labels }: MiddlewareDependencies, ctx: KoaContext, exchange: Exchange): void {
  const { method, path, startMs, span, origin, label, error } = exchange
  const route = routeOf(ctx)
  if (origin) origin.route = route
  if (label) labels?.release(label)
  const endMs = performance.now()
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
      'url.path': path,
      'http.response.status_code': statusCode,
      // To the microsecond: more digits cost more to write than all else in the line, and say nothing.
      'http.server.request.duration': Math.round((endMs - startMs) * 1e3) / 1e6,
      'request.id': requestId,
      'error.type': errorType,
    },
    spanContext: span?.spanContext(),
    err: hasFailed ? error : undefined,
  })
}

/** Routes whose spelling is remembered; there are as many as the service has. */
const MAX_REMEMBERED = 1_024
const spellings = new Map<string, string>()

/** The route that answered, in OpenAPI's spelling; known once the router has run. */
export function routeOf(ctx: KoaContext): string | undefined {
  const { httpRoute } = ctx.state as TelemetryState
  const matched = typeof httpRoute === 'string' ? httpRoute : ctx._matchedRoute
  if (matched === undefined || matched === null) return undefined
  const template = typeof matched === 'string' ? matched : String(matched)
  const known = spellings.get(template)
  if (known !== undefined) return known
  const spelling = matched instanceof RegExp ? template : toOpenApi(template)
  if (spellings.size < MAX_REMEMBERED) spellings.set(template, spelling)
  return spelling
}

/** `/concerts/:id` and `/files/*path` of path-to-regexp as `/concerts/{id}` and `/files/{path}`. */
export function toOpenApi(template: string): string {
  return template
    .replace(/\{([^{}]*[:*][^{}]*)\}/g, '$1')
    .replace(/[:*]([\p{ID_Start}$_][\p{ID_Continue}$]*)(\([^()]*\))?[?*+]?/gu, '{$1}')
}
