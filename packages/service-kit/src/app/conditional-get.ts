import fresh from 'fresh'
import type { Context } from 'koa'

/**
 * Sets the answer's ETag and says whether the client has that representation already (`If-None-Match`); the
 * answer is then 304 without a body, and the caller can spare itself the work of making one.
 *
 * Koa's own `ctx.fresh` also heeds `Cache-Control: no-cache`, which is meant for caches and comes with every
 * conditional request of `fetch`.
 *
 * @param etag entity tag, with its quotes
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1.2
 */
export function notModified(ctx: Context, etag: string): boolean {
  ctx.set('etag', etag)
  if (!fresh({ 'if-none-match': ctx.get('if-none-match') }, { etag })) return false
  ctx.status = 304
  return true
}
