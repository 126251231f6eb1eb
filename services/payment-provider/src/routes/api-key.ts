import { createHash, timingSafeEqual } from 'node:crypto'
import { ProblemError } from '@faultline/service-kit'
import type { Middleware } from 'koa'

/** Lets only the merchant through, who sends the key as bearer token. */
export function apiKey(key: string): Middleware {
  const expected = digest(key)
  return function apiKeyMiddleware(ctx, next) {
    const sent = /^Bearer (\S+)$/.exec(ctx.get('authorization'))?.[1] ?? ''
    if (!timingSafeEqual(digest(sent), expected)) throw unauthenticated()
    return next()
  }
}

/** Of one length whatever the key's, so that comparing takes the same time. */
function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}

function unauthenticated(): ProblemError {
  return new ProblemError({
    status: 401,
    type: 'unauthenticated',
    title: 'The request needs a valid API key',
    detail: 'send Authorization: Bearer with the API key of the merchant',
    headers: { 'www-authenticate': 'Bearer' },
  })
}
