import { randomUUID } from 'node:crypto'
import {
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
import type { OrderRepository, StoredOrder } from '../repositories/orders.ts'
import type { ReservationRepository } from '../repositories/reservations.ts'
import { orderCursor } from './cursors.ts'
import { notFound, RejectionError } from './errors.ts'
import { type Idempotency, idempotentRequest } from './idempotency.ts'
import type { BookingMetrics } from './metrics.ts'
import type { OrderPayment } from './payment.ts'
import { sagaStep } from './saga.ts'
import { activeTraceContext } from './trace-context.ts'
import { toOrder } from './views.ts'

export interface Orders {
  /**
   * Orders what a reservation holds and waits for the payment as long as the deadline allows.
   *
   * @param key repeats with the same key and request are the same order
   * @returns the order, confirmed, or pending when it is not known whether it is paid
   * @throws RejectionError when the payment was declined or there is nothing to order
   */
  place(userId: string, request: OrderRequest, key: string, deadline: Deadline): Promise<Order>
  /** @throws RejectionError when the user has none with this id */
  get(userId: string, id: string, deadline: Deadline): Promise<Order>
  /** @throws InvalidCursorError */
  list(userId: string, page: PageQuery, deadline: Deadline): Promise<OrderPage>
}

export interface OrdersOptions {
  database: Database
  repository: OrderRepository
  reservations: ReservationRepository
  idempotency: Idempotency
  payment: OrderPayment
  metrics: Pick<BookingMetrics, 'reservations'>
  /** Part of a request's time that is left for the answer once payments has been waited for, in milliseconds. */
  answerMs?: number
  /** How long a request sees to its order alone before the recovery does, in seconds. */
  firstAttemptSeconds?: number
}

export const ordersDefaults = { answerMs: 300, firstAttemptSeconds: 5 } satisfies Partial<OrdersOptions>

export const CREATE_ORDER = 'POST /orders'

export function createOrders(options: OrdersOptions): Orders {
  const { database, repository, reservations, idempotency, payment, metrics, answerMs, firstAttemptSeconds } =
    {
      ...ordersDefaults,
      ...options,
    }

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
    const id = randomUUID()
    const traceContext = activeTraceContext()
    await reservations.setStatus(on, reservationId, 'ordered', deadline)
    await repository.insert(
      on,
      { id, userId, reservationId, paymentToken, traceContext, firstAttemptSeconds },
      deadline,
    )
    return toOrder(await findOwn(on, userId, id, deadline))
  }

  async function findOwn(
    on: Queryable,
    userId: string,
    id: string,
    deadline: Deadline,
  ): Promise<StoredOrder> {
    const order = await repository.find(on, id, userId, deadline)
    if (!order) throw notFound('order', id)
    return order
  }

  /** Lets the payment have what time there is. The order outlives a request that cannot wait for it. */
  async function pay(userId: string, placed: Order, deadline: Deadline): Promise<Order> {
    const order = await findOwn(database, userId, placed.id, deadline)
    if (order.status !== 'pending') return settled(order)
    const chargeMs = deadline.remainingMs() - answerMs
    if (chargeMs > 0) {
      // The request waits a little longer than payments does, so that what they say can be written down.
      await Deadline.after(chargeMs + answerMs / 2)
        .race(payment.drive(order, Deadline.after(chargeMs)))
        .catch(unlessLate)
    }
    return settled(await findOwn(database, userId, placed.id, deadline))
  }

  return {
    async place(userId, request, key, deadline) {
      const wanted = { ...request, reservationId: request.reservationId.toLowerCase() }
      const { value: placed, replayed } = await idempotency.once(
        idempotentRequest(userId, key, CREATE_ORDER, wanted),
        orderSchema,
        (on) => insert(on, userId, wanted, deadline),
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

    get: async (userId, id, deadline) => toOrder(await findOwn(database, userId, id, deadline)),

    async list(userId, { cursor, limit }, deadline) {
      const filter = { userId }
      const after = cursor === undefined ? undefined : orderCursor.decode(cursor, filter)
      // One more than the page holds tells whether there is a next one.
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

function settled(order: StoredOrder): Order {
  if (order.status !== 'declined') return toOrder(order)
  throw new RejectionError(
    'payment-declined',
    'the payment was declined and the seats are free again; reserve anew to try another payment',
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
