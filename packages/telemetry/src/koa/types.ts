import type { IncomingMessage, ServerResponse } from 'node:http'

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
