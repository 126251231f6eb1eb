import type { Context } from 'koa'

/**
 * Sets the answer's ETag and says whether the client has that representation already (`If-None-Match`); the
 * answer is then 304 without a body, and the caller can spare itself the work of making one.
 *
 * @param etag strong entity tag, with its quotes
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2
 */
export function notModified(ctx: Context, etag: string): boolean {
  ctx.set('etag', etag)
  // Koa compares only for an answer that would be a success.
  ctx.status = 200
  if (!ctx.fresh) return false
  ctx.status = 304
  return true
}
