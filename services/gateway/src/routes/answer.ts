import { ProblemError } from '@faultline/service-kit'
import type { Context } from 'koa'
import type { Answer } from '../domain/answers.ts'

/** Passes a service's answer on. */
export function sendAnswer(ctx: Context, answer: Answer): void {
  if (answer.kind === 'refused') throw refusal(answer)
  if (answer.kind === 'done') {
    ctx.status = 204
    return
  }
  ctx.set(answer.headers)
  if (answer.kind === 'not-modified') {
    ctx.status = 304
    return
  }
  ctx.status = answer.status
  // Set as it is: `ctx.type` would look the type up every time.
  ctx.set('content-type', 'application/json')
  ctx.body = answer.json
}

/** The service's problem in the gateway's name: instance and request id are those of the public request. */
export function refusal({ problem, headers }: Extract<Answer, { kind: 'refused' }>): ProblemError {
  const { type, status, title, detail, errors } = problem
  return new ProblemError({
    type: type.slice(type.lastIndexOf(':') + 1),
    status,
    title,
    detail,
    headers,
    ...(errors && { errors }),
  })
}
