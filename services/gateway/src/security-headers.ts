import type { Middleware } from 'koa'

/**
 * Headers of an API that no page is to be made of: nothing is loaded, framed, guessed or referred from its answers.
 * There is no CORS header either, so that no other site's script may read an answer. HSTS is the edge's business,
 * as it counts over TLS only.
 *
 * @see https://cheatsheetseries.owasp.org/cheatsheets/REST_Security_Cheat_Sheet.html#security-headers
 */
export const SECURITY_HEADERS = {
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const

export function securityHeaders(): Middleware {
  const headers = Object.entries(SECURITY_HEADERS)
  return function securityHeadersMiddleware(ctx, next) {
    for (const [name, value] of headers) ctx.res.setHeader(name, value)
    return next()
  }
}
