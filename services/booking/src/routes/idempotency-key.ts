import { IDEMPOTENCY_KEY_HEADER, idempotencyKeySchema } from '@faultline/contracts'
import { validate } from '@faultline/service-kit'
import type { Context } from 'koa'

/** @throws ProblemError 400 when the request has no key, or one of another spelling */
export function idempotencyKey(ctx: Context): string {
  const key = ctx.get(IDEMPOTENCY_KEY_HEADER)
  return validate(idempotencyKeySchema, key, 'header', IDEMPOTENCY_KEY_HEADER)
}
