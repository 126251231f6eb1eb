import {
  CHARGE_TOKEN_SCOPE,
  chargeRequestSchema,
  IDEMPOTENCY_KEY_HEADER,
  idSchema,
} from '@faultline/contracts'
import {
  authenticated,
  type Deadline,
  ProblemError,
  readJsonBody,
  type TokenVerifier,
  validate,
} from '@faultline/service-kit'
import Router from '@koa/router'
import { z } from 'zod'
import { ChargeMismatchError, type Charges, NotFoundError } from './domain/charges.ts'

/** What the middleware before the routes leaves in `ctx.state`. */
export interface State {
  requestId: string
  deadline: Deadline
}

/** When a charge that is pending may be asked for again, in seconds. */
const RETRY_AFTER_SECONDS = '1'

export function chargeRoutes(charges: Charges, verifier: TokenVerifier): Router<State> {
  const router = new Router<State>()
  const allowed = authenticated(verifier, CHARGE_TOKEN_SCOPE)

  router.post('/charges', allowed, async (ctx) => {
    const request = validate(chargeRequestSchema, await readJsonBody(ctx), 'body')
    const key = z.literal(request.orderId, 'must be the id of the order, as in the body')
    validate(key, ctx.get(IDEMPOTENCY_KEY_HEADER), 'header', IDEMPOTENCY_KEY_HEADER)
    const charge = await charges.create(request, ctx.state.deadline)
    ctx.status = charge.status === 'pending' ? 202 : 201
    if (charge.status === 'pending') ctx.set('retry-after', RETRY_AFTER_SECONDS)
    ctx.body = charge
  })

  router.get('/charges/:chargeId', allowed, async (ctx) => {
    const id = validate(idSchema, ctx.params.chargeId, 'path', 'chargeId')
    ctx.body = await charges.get(id, ctx.state.deadline)
  })

  return router
}

/** Says in HTTP what the domain says in errors of its own. */
export function asProblem(error: unknown): unknown {
  if (error instanceof NotFoundError) {
    return new ProblemError({
      status: 404,
      type: 'resource-not-found',
      title: 'There is no such resource',
      detail: error.message,
    })
  }
  if (error instanceof ChargeMismatchError) {
    return new ProblemError({
      status: 422,
      type: 'idempotency-key-reused',
      title: 'The key was used before, for another request',
      detail: 'there is a charge for this order, of another amount or another token',
    })
  }
  return error
}
