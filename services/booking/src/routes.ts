import {
  IDEMPOTENCY_KEY_HEADER,
  InvalidCursorError,
  idempotencyKeySchema,
  idSchema,
  orderRequestSchema,
  pageQuerySchema,
  reservationRequestSchema,
  type Scope,
} from '@faultline/contracts'
import {
  type AuthenticatedState,
  authenticated,
  type Deadline,
  invalidCursor,
  ProblemError,
  readJsonBody,
  type SigningKeys,
  type TokenVerifier,
  validate,
} from '@faultline/service-kit'
import Router from '@koa/router'
import type { Context, Middleware } from 'koa'
import { IdempotencyKeyReusedError, RequestInProgressError } from './domain/idempotency.ts'
import type { Orders } from './domain/orders.ts'
import { type Rejection, RejectionError } from './domain/rejections.ts'
import type { Reservations } from './domain/reservations.ts'

/** What the middleware before the routes leaves in `ctx.state`. */
interface State extends AuthenticatedState {
  deadline: Deadline
}

export interface BookingRoutesOptions {
  reservations: Reservations
  orders: Orders
  /** Checks the tokens of users. */
  verifier: TokenVerifier
  /** The keys of booking's own tokens, whose public parts are published. */
  keys: Pick<SigningKeys, 'keySet'>
}

export function bookingRoutes({ reservations, orders, verifier, keys }: BookingRoutesOptions): Router<State> {
  const router = new Router<State>()
  const users = (scope: Scope) => [authenticated(verifier, scope), usersOnly]

  router.post('/reservations', ...users('orders:write'), async (ctx) => {
    const key = idempotencyKey(ctx)
    const request = validate(reservationRequestSchema, await readJsonBody(ctx), 'body')
    const { principal, deadline } = ctx.state
    ctx.body = await reservations.create(principal.subject, request, key, deadline)
    ctx.status = 201
  })

  router.get('/reservations/:reservationId', ...users('orders:read'), async (ctx) => {
    const id = validate(idSchema, ctx.params.reservationId, 'path', 'reservationId').toLowerCase()
    ctx.body = await reservations.get(ctx.state.principal.subject, id, ctx.state.deadline)
  })

  router.delete('/reservations/:reservationId', ...users('orders:write'), async (ctx) => {
    const id = validate(idSchema, ctx.params.reservationId, 'path', 'reservationId').toLowerCase()
    await reservations.release(ctx.state.principal.subject, id, ctx.state.deadline)
    ctx.status = 204
  })

  router.post('/orders', ...users('orders:write'), async (ctx) => {
    const key = idempotencyKey(ctx)
    const request = validate(orderRequestSchema, await readJsonBody(ctx), 'body')
    const { principal, deadline } = ctx.state
    const order = await orders.place(principal.subject, request, key, deadline)
    ctx.body = order
    ctx.status = order.status === 'pending' ? 202 : 201
    if (order.status === 'pending') ctx.set('retry-after', '1')
  })

  router.get('/orders', ...users('orders:read'), async (ctx) => {
    const page = validate(pageQuerySchema, ctx.query, 'query')
    ctx.body = await orders.list(ctx.state.principal.subject, page, ctx.state.deadline)
  })

  router.get('/orders/:orderId', ...users('orders:read'), async (ctx) => {
    const id = validate(idSchema, ctx.params.orderId, 'path', 'orderId').toLowerCase()
    ctx.body = await orders.get(ctx.state.principal.subject, id, ctx.state.deadline)
  })

  router.get('/.well-known/jwks.json', (ctx) => {
    ctx.body = keys.keySet()
  })

  return router
}

/** Reservations and orders belong to people: a service's own token opens nothing here. */
const usersOnly: Middleware<State> = async (ctx, next) => {
  if (ctx.state.principal.kind !== 'user') {
    throw new ProblemError({
      status: 403,
      type: 'insufficient-scope',
      title: 'The access token allows too little',
      detail: 'this needs the token of a user',
    })
  }
  await next()
}

/** @throws ProblemError 400 when the request has no key, or one of another spelling */
function idempotencyKey(ctx: Context): string {
  const key = ctx.get(IDEMPOTENCY_KEY_HEADER)
  return validate(idempotencyKeySchema, key, 'header', IDEMPOTENCY_KEY_HEADER)
}

const REJECTION: Readonly<Record<Rejection, { status: number; type: string; title: string }>> = {
  'not-found': { status: 404, type: 'resource-not-found', title: 'There is no such resource' },
  'seat-not-available': { status: 409, type: 'seat-not-available', title: 'A seat is taken' },
  'concert-not-on-sale': {
    status: 409,
    type: 'concert-not-on-sale',
    title: 'The concert is not on sale',
  },
  'reservation-not-held': {
    status: 409,
    type: 'reservation-not-held',
    title: 'The reservation does not hold its seats any more',
  },
  'payment-declined': { status: 402, type: 'payment-declined', title: 'The payment was declined' },
}

/** When a repeat is going to find the first request answered, in seconds. */
const RETRY_AFTER_SECONDS = '1'

/** Says in HTTP what the domain says in errors of its own. */
export function asProblem(error: unknown): unknown {
  if (error instanceof InvalidCursorError) return invalidCursor(error.message)
  if (error instanceof RejectionError) {
    return new ProblemError({ ...REJECTION[error.rejection], detail: error.message })
  }
  if (error instanceof IdempotencyKeyReusedError) {
    return new ProblemError({
      status: 422,
      type: 'idempotency-key-reused',
      title: 'The idempotency key was used for another request',
      detail: `${error.message}; choose a new key for a new request`,
    })
  }
  if (error instanceof RequestInProgressError) {
    return new ProblemError({
      status: 409,
      type: 'request-in-progress',
      title: 'A request with this idempotency key is under way',
      detail: `${error.message}; repeat it in a moment`,
      headers: { 'retry-after': RETRY_AFTER_SECONDS },
    })
  }
  return error
}
