import { ProblemError } from '@faultline/service-kit'
import type { Context } from 'koa'
import type { CatalogAnswer } from '../domain/catalog.ts'

/** Passes the catalog's answer on. */
export function sendAnswer(ctx: Context, answer: CatalogAnswer): void {
  if (answer.kind === 'refused') throw refusal(answer)
  if (answer.etag !== undefined) ctx.set('etag', answer.etag)
  if (answer.kind === 'not-modified') {
    ctx.status = 304
    return
  }
  // Set as it is: `ctx.type` would look the type up every time.
  ctx.set('content-type', 'application/json')
  ctx.body = answer.json
}

/** The catalog's problem in the gateway's name: instance and request id are those of the public request. */
function refusal({ problem }: Extract<CatalogAnswer, { kind: 'refused' }>): ProblemError {
  const { type, status, title, detail, errors } = problem
  return new ProblemError({
    type: type.slice(type.lastIndexOf(':') + 1),
    status,
    title,
    detail,
    ...(errors && { errors }),
  })
}
