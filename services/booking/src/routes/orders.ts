import { idSchema, orderRequestSchema, pageQuerySchema } from '@faultline/contracts'
import { authenticated, readJsonBody, type TokenVerifier, validate } from '@faultline/service-kit'
import Router from '@koa/router'
import type { Orders } from '../domain/orders.ts'
import { idempotencyKey } from './idempotency-key.ts'
import type { State } from './state.ts'
import { usersOnly } from './users-only.ts'

export function orderRoutes(orders: Orders, verifier: TokenVerifier): Router<State> {
  const router = new Router<State>()
  const reading = [authenticated(verifier, 'orders:read'), usersOnly()]
  const writing = [authenticated(verifier, 'orders:write'), usersOnly()]

  router.post('/orders', ...writing, async (ctx) => {
    const key = idempotencyKey(ctx)
    const request = validate(orderRequestSchema, await readJsonBody(ctx), 'body')
    const { principal, deadline } = ctx.state
    const order = await orders.place(principal.subject, request, key, deadline)
    ctx.body = order
    ctx.status = order.status === 'pending' ? 202 : 201
    if (order.status === 'pending') ctx.set('retry-after', '1')
  })

  router.get('/orders', ...reading, async (ctx) => {
    const page = validate(pageQuerySchema, ctx.query, 'query')
    ctx.body = await orders.list(ctx.state.principal.subject, page, ctx.state.deadline)
  })

  router.get('/orders/:orderId', ...reading, async (ctx) => {
    const id = validate(idSchema, ctx.params.orderId, 'path', 'orderId').toLowerCase()
    ctx.body = await orders.get(ctx.state.principal.subject, id, ctx.state.deadline)
  })

  return router
}
