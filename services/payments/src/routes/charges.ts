import {
  CHARGE_TOKEN_SCOPE,
  chargeRequestSchema,
  IDEMPOTENCY_KEY_HEADER,
  idSchema,
} from '@faultline/contracts'
import {
  authenticated,
  type Deadline,
  readJsonBody,
  type TokenVerifier,
  validate,
} from '@faultline/service-kit'
import Router from '@koa/router'
import { z } from 'zod'
import type { Charges } from '../domain/charges.ts'

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
