import {
  type OrderRequest,
  orderPageSchema,
  orderSchema,
  type ReservationRequest,
  reservationSchema,
} from '@faultline/contracts'
import type { UpstreamRepository, UserCallContext } from '../repositories/upstream.ts'
import { type Answer, checkAnswer } from './answers.ts'
import { withQuery } from './paths.ts'

/** Name of booking in problems and as `peer.service`. */
export const BOOKING = 'booking'

/** The part of the box office that booking answers. Every call throws DependencyError when it does not. */
export interface Booking {
  reserve(request: ReservationRequest, idempotencyKey: string, context: UserCallContext): Promise<Answer>
  getReservation(id: string, context: UserCallContext): Promise<Answer>
  release(id: string, context: UserCallContext): Promise<Answer>
  order(request: OrderRequest, idempotencyKey: string, context: UserCallContext): Promise<Answer>
  listOrders(querystring: string, context: UserCallContext): Promise<Answer>
  getOrder(id: string, context: UserCallContext): Promise<Answer>
}

export function createBooking(repository: UpstreamRepository): Booking {
  return {
    async reserve(body, idempotencyKey, context) {
      const call = { method: 'POST', path: '/reservations', body, idempotencyKey } as const
      return checkAnswer(BOOKING, { 201: reservationSchema }, await repository.send(call, context))
    },
    async getReservation(id, context) {
      const call = { method: 'GET', path: `/reservations/${id}` } as const
      return checkAnswer(BOOKING, { 200: reservationSchema }, await repository.send(call, context))
    },
    async release(id, context) {
      const call = { method: 'DELETE', path: `/reservations/${id}`, idempotent: true } as const
      return checkAnswer(BOOKING, { 204: null }, await repository.send(call, context))
    },
    async order(body, idempotencyKey, context) {
      const call = { method: 'POST', path: '/orders', body, idempotencyKey } as const
      const answer = await repository.send(call, context)
      return checkAnswer(BOOKING, { 201: orderSchema, 202: orderSchema }, answer)
    },
    async listOrders(querystring, context) {
      const call = { method: 'GET', path: withQuery('/orders', querystring) } as const
      return checkAnswer(BOOKING, { 200: orderPageSchema }, await repository.send(call, context))
    },
    async getOrder(id, context) {
      const call = { method: 'GET', path: `/orders/${id}` } as const
      return checkAnswer(BOOKING, { 200: orderSchema }, await repository.send(call, context))
    },
  }
}
