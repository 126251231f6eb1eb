import {
  IDEMPOTENCY_KEY_HEADER,
  idempotencyKeySchema,
  idSchema,
  orderRequestSchema,
  pageQuerySchema,
  reservationRequestSchema,
} from '@faultline/contracts'
import { deadline, readJsonBody, validate } from '@faultline/service-kit'
import Router from '@koa/router'
import type { Context } from 'koa'
import type { Booking } from '../domain/booking.ts'
import { sendAnswer } from './answer.ts'
import type { Protect, UserState } from './protection.ts'

/**
 * Time that an order gets, in milliseconds: a payment takes longer than a look at the catalog. Still less than the
 * 5 s after which the collector decides on a trace.
 */
export const ORDER_DEADLINE_MS = 4_500

/** The public routes that booking answers, for the user whose token comes along. */
export function bookingRoutes(booking: Booking, protect: Protect): Router<UserState> {
  const router = new Router<UserState>({ prefix: '/v1' })

  router.post('/reservations', protect('orders:write'), async (ctx) => {
    const key = idempotencyKeyOf(ctx)
    const request = validate(reservationRequestSchema, await readJsonBody(ctx), 'body')
    sendAnswer(ctx, await booking.reserve(request, key, ctx.state))
  })

  router.get('/reservations/:reservationId', protect('orders:read'), async (ctx) => {
    const id = validate(idSchema, ctx.params.reservationId, 'path', 'reservationId')
    sendAnswer(ctx, await booking.getReservation(id, ctx.state))
  })

  router.delete('/reservations/:reservationId', protect('orders:write'), async (ctx) => {
    const id = validate(idSchema, ctx.params.reservationId, 'path', 'reservationId')
    sendAnswer(ctx, await booking.release(id, ctx.state))
  })

  const patience = deadline({ maxMs: ORDER_DEADLINE_MS, trustIncoming: false })
  router.post('/orders', protect('orders:write'), patience, async (ctx) => {
    const key = idempotencyKeyOf(ctx)
    const request = validate(orderRequestSchema, await readJsonBody(ctx), 'body')
    sendAnswer(ctx, await booking.order(request, key, ctx.state))
  })

  router.get('/orders', protect('orders:read'), async (ctx) => {
    validate(pageQuerySchema, ctx.query, 'query')
    sendAnswer(ctx, await booking.listOrders(ctx.querystring, ctx.state))
  })

  router.get('/orders/:orderId', protect('orders:read'), async (ctx) => {
    const id = validate(idSchema, ctx.params.orderId, 'path', 'orderId')
    sendAnswer(ctx, await booking.getOrder(id, ctx.state))
  })

  return router
}

function idempotencyKeyOf(ctx: Context): string {
  return validate(idempotencyKeySchema, ctx.get(IDEMPOTENCY_KEY_HEADER), 'header', IDEMPOTENCY_KEY_HEADER)
}
