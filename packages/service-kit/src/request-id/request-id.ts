import { randomUUID } from 'node:crypto'
import type { Middleware } from 'koa'

export interface RequestIdOptions {
  /** Header that carries the id, both ways. */
  header?: string
  /** Whether an id that the caller sends is kept; one of another spelling than `pattern` never is. */
  trustIncoming?: boolean
  /** What an incoming id may look like: it ends up in logs and headers. */
  pattern?: RegExp
}

export const requestIdDefaults = {
  header: 'x-request-id',
  trustIncoming: true,
  pattern: /^[A-Za-z0-9._-]{1,64}$/,
} satisfies Required<RequestIdOptions>

/** Gives every request an id: in `ctx.state.requestId`, in the answer's header, in logs and problems. */
export function requestId(options: RequestIdOptions = {}): Middleware {
  const { header, trustIncoming, pattern } = { ...requestIdDefaults, ...options }
  return function requestIdMiddleware(ctx, next) {
    const incoming = trustIncoming ? ctx.get(header) : ''
    const id = pattern.test(incoming) ? incoming : randomUUID()
    ctx.state.requestId = id
    ctx.set(header, id)
    return next()
  }
}
