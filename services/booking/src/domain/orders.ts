import { randomUUID } from 'node:crypto'
import {
  cursorFormat,
  idSchema,
  instantSchema,
  type Order,
  type OrderPage,
  type OrderRequest,
  orderSchema,
  type PageQuery,
} from '@faultline/contracts'
import {
  type Database,
  Deadline,
  DeadlineExceededError,
  DependencyError,
  type Queryable,
} from '@faultline/service-kit'
import { z } from 'zod'
import * as repository from '../repositories/orders.ts'
import * as reservations from '../repositories/reservations.ts'
import type { Idempotency } from './idempotency.ts'
import type { BookingMetrics } from './metrics.ts'
import type { OrderPayment } from './payment.ts'
import { notFound, RejectionError } from './rejections.ts'
import { sagaStep } from './saga.ts'
import { activeTraceContext } from './trace-context.ts'

export interface OrdersOptions {
  database: Database
  idempotency: Idempotency
  payment: OrderPayment
  metrics: BookingMetrics
}

/** Part of a request's time that is left for the answer once payments has been waited for, in milliseconds. */
const ANSWER_MS = 300
/** How long a request sees to its order alone before the recovery does, in seconds. */
const FIRST_ATTEMPT_SECONDS = 5

/** Made for one user: the user's id is the filter that it is bound to. */
const orderCursor = cursorFormat<repository.OrderPosition>('orders', z.tuple([instantSchema, idSchema]))

export type Orders = ReturnType<typeof createOrders>

export function createOrders({ database, idempotency, payment, metrics }: OrdersOptions) {
  /** The order is durable, and its reservation kept from expiring, before any money moves. */
  async function insert(
    on: Queryable,
    userId: string,
    { reservationId, paymentToken }: OrderRequest,
    deadline: Deadline,
  ): Promise<Order> {
    const reservation = await reservations.lock(on, userId, reservationId, deadline)
    if (!reservation) throw notFound('reservation', reservationId)
    const step = reservation.status === 'held' && !reservation.due ? sagaStep('held', 'ordered') : undefined
    if (!step) throw notHeld(reservation.status === 'held' ? 'expired' : reservation.status)
    const order = {
      id: randomUUID(),
      userId,
      reservationId,
      paymentToken,
      traceContext: activeTraceContext(),
    }
    await reservations.setStatus(on, reservationId, 'ordered', deadline)
    await repository.insert(on, order, FIRST_ATTEMPT_SECONDS, deadline)
    return toOrder(await findOwn(on, userId, order.id, deadline))
  }

  async function findOwn(on: Queryable, userId: string, id: string, deadline: Deadline) {
    const order = await repository.find(on, userId, id, deadline)
    if (!order) throw notFound('order', id)
    return order
  }

  /** Lets the payment have what time there is. The order outlives a request that cannot wait for it. */
  async function pay(userId: string, placed: Order, deadline: Deadline): Promise<Order> {
    const order = await findOwn(database, userId, placed.id, deadline)
    if (order.status !== 'pending') return settled(order)
    const chargeMs = deadline.remainingMs() - ANSWER_MS
    if (chargeMs > 0) {
      // The request waits a little longer than payments does, so that what they say can be written down.
      await Deadline.after(chargeMs + ANSWER_MS / 2)
        .race(payment.drive(order, Deadline.after(chargeMs)))
        .catch(unlessLate)
    }
    return settled(await findOwn(database, userId, placed.id, deadline))
  }

  return {
    /**
     * Orders what a reservation holds and waits for the payment as long as the deadline allows.
     *
     * @param key repeats with the same key and request are the same order
     * @returns the order, confirmed, or pending when it is not known whether it is paid
     * @throws RejectionError when the payment was declined or there is nothing to order
     */
    async place(userId: string, request: OrderRequest, key: string, deadline: Deadline): Promise<Order> {
      const body = { ...request, reservationId: request.reservationId.toLowerCase() }
      const { value: placed, replayed } = await idempotency.once(
        { userId, key, route: 'POST /orders', body },
        orderSchema,
        (on) => insert(on, userId, body, deadline),
        deadline,
      )
      if (!replayed) metrics.reservations.inc({ outcome: 'ordered' })
      try {
        return await pay(userId, placed, deadline)
      } catch (error) {
        // From here on there is an order, and a failure to look at it must not read as if there were none.
        if (error instanceof DependencyError || error instanceof DeadlineExceededError) return placed
        throw error
      }
    },

    /** @throws RejectionError when the user has none with this id */
    get: async (userId: string, id: string, deadline: Deadline) =>
      toOrder(await findOwn(database, userId, id, deadline)),

    /** @throws InvalidCursorError */
    async list(userId: string, { cursor, limit }: PageQuery, deadline: Deadline): Promise<OrderPage> {
      const filter = { userId }
      const after = cursor === undefined ? undefined : orderCursor.decode(cursor, filter)
      // One more than the page holds: it says whether there is a next one.
      const rows = await repository.list(database, userId, { after, limit: limit + 1 }, deadline)
      const onPage = rows.slice(0, limit)
      const last = onPage.at(-1)
      const more = rows.length > limit && last !== undefined
      return {
        items: onPage.map(toOrder),
        nextCursor: more ? orderCursor.encode([last.createdAt.toISOString(), last.id], filter) : null,
      }
    },
  }
}

function toOrder(row: repository.StoredOrder): Order {
  return {
    id: row.id,
    reservationId: row.reservationId,
    concertId: row.concertId,
    seatIds: row.seatIds,
    status: row.status,
    total: { amount: row.amount, currency: row.currency },
    createdAt: row.createdAt.toISOString(),
    confirmedAt: row.confirmedAt?.toISOString() ?? null,
  }
}

function settled(order: repository.StoredOrder): Order {
  if (order.status !== 'declined') return toOrder(order)
  throw new RejectionError(
    'payment-declined',
    'the payment was declined and the seats are free again; reserve them again to try another payment',
  )
}

function notHeld(status: string): RejectionError {
  return new RejectionError(
    'reservation-not-held',
    status === 'ordered' || status === 'declined'
      ? 'there is an order for this reservation already'
      : `the reservation is ${status}; reserve the seats again`,
  )
}

function unlessLate(error: unknown): void {
  if (!(error instanceof DeadlineExceededError)) throw error
}
