import { randomUUID } from 'node:crypto'
import { ORDER_CONFIRMED_SUBJECT, type OrderConfirmed } from '@faultline/contracts'
import { type Database, Deadline, DependencyError, type Logger, type Queryable } from '@faultline/service-kit'
import type { OrderRepository, StoredOrder } from '../repositories/orders.ts'
import type { OutboxRepository } from '../repositories/outbox.ts'
import type { ChargeAnswer, PaymentRepository } from '../repositories/payments.ts'
import type { ReservationRepository } from '../repositories/reservations.ts'
import type { Inventory } from './inventory.ts'
import type { BookingMetrics } from './metrics.ts'
import { type SagaEvent, sagaStep } from './saga.ts'
import { activeTraceContext } from './trace-context.ts'

/** Brings pending orders to their end, for requests and for the recovery alike. */
export interface OrderPayment {
  /**
   * Asks payments and settles the order by what they say. Callers for the same order share one attempt. An order
   * that is still pending afterwards is no error: it is tried again.
   */
  drive(order: StoredOrder, deadline: Deadline): Promise<void>
  /** Resolves when no attempt is under way. */
  idle(): Promise<void>
}

export interface OrderPaymentOptions {
  database: Pick<Database, 'transaction'>
  orders: OrderRepository
  reservations: ReservationRepository
  outbox: OutboxRepository
  inventory: Inventory
  payments: PaymentRepository
  metrics: BookingMetrics
  logger: Pick<Logger, 'info' | 'warn' | 'error'>
  /** Called when there is an event to publish. */
  onEvent: () => void
  /** Time to write down what is known of a payment, in milliseconds; its own, as knowing it is dear. */
  settleTimeoutMs?: number
}

export const orderPaymentDefaults = { settleTimeoutMs: 2_000 } satisfies Partial<OrderPaymentOptions>

const EVENT_OF: Readonly<Record<ChargeAnswer['status'], SagaEvent>> = {
  succeeded: 'paid',
  declined: 'refused',
  pending: 'unknown',
}

export function createOrderPayment(options: OrderPaymentOptions): OrderPayment {
  const { database, orders, reservations, outbox, inventory, payments, metrics, logger, onEvent } = options
  const settleTimeoutMs = options.settleTimeoutMs ?? orderPaymentDefaults.settleTimeoutMs
  const underWay = new Map<string, Promise<void>>()

  async function charge(order: StoredOrder, deadline: Deadline): Promise<ChargeAnswer> {
    const { id: orderId, amount, currency, paymentToken } = order
    if (paymentToken === null) throw new Error('an order without a payment token is not pending')
    try {
      return await payments.charge({ orderId, total: { amount, currency }, paymentToken }, deadline)
    } catch (error) {
      if (!(error instanceof DependencyError)) throw error
      logger.warn(
        { err: error, 'order.id': orderId },
        'not known whether the order is paid; asked again later',
      )
      return { status: 'pending' }
    }
  }

  async function attempt(order: StoredOrder, deadline: Deadline): Promise<void> {
    const answer = await charge(order, deadline)
    if (answer.status === 'pending') {
      metrics.orders.inc({ outcome: 'unknown' })
      return
    }
    const limit = Deadline.after(settleTimeoutMs)
    const settled = await database.transaction((on) => settle(on, order.id, answer, limit), limit)
    if (settled) report(settled, answer)
  }

  /** @returns the order when this is what settled it */
  async function settle(
    on: Queryable,
    id: string,
    answer: ChargeAnswer,
    deadline: Deadline,
  ): Promise<StoredOrder | undefined> {
    const order = await orders.lock(on, id, deadline)
    if (!order) throw new Error(`order ${id} is gone`)
    const step = sagaStep(order.status, EVENT_OF[answer.status])
    if (!step) {
      // Only people can tell which of the two answers is true, and what is owed to the visitor.
      metrics.orders.inc({ outcome: 'contradicted' })
      logger.error({ 'order.id': id, status: order.status }, `payments say ${answer.status}: a contradiction`)
      return undefined
    }
    if (step.effects.includes('sell-seats')) await inventory.sell(on, order.seatIds, deadline)
    if (step.effects.includes('free-seats')) {
      await inventory.free(on, order.seatIds, deadline)
      await reservations.deactivateSeats(on, [order.reservationId], deadline)
      await reservations.setStatus(on, order.reservationId, 'declined', deadline)
    }
    if (step.state === order.status) return undefined
    if (answer.status === 'declined') await orders.decline(on, id, answer.reason, deadline)
    if (answer.status === 'succeeded') {
      const confirmedAt = await orders.confirm(on, id, deadline)
      if (step.effects.includes('announce')) {
        const event = orderConfirmed(order, confirmedAt)
        const traceContext = activeTraceContext()
        await outbox.add(
          on,
          { id: event.id, subject: ORDER_CONFIRMED_SUBJECT, payload: event, traceContext },
          deadline,
        )
      }
    }
    return order
  }

  function report(order: StoredOrder, answer: ChargeAnswer): void {
    if (answer.status === 'succeeded') {
      onEvent()
      metrics.orders.inc({ outcome: 'confirmed' })
      metrics.ticketsSold.inc(order.seatIds.length)
      metrics.revenue.inc({ currency: order.currency }, order.amount)
    } else {
      metrics.orders.inc({ outcome: 'declined' })
      metrics.reservations.inc({ outcome: 'declined' })
    }
    logger.info({ 'order.id': order.id, attempts: order.attempts }, `order ${answer.status}`)
  }

  return {
    drive(order, deadline) {
      const shared = underWay.get(order.id)
      if (shared !== undefined) return shared
      const started = attempt(order, deadline)
        .catch((error: unknown) => {
          logger.error(
            { err: error, 'order.id': order.id },
            'the order could not be settled; tried again later',
          )
        })
        .finally(() => underWay.delete(order.id))
      underWay.set(order.id, started)
      return started
    },
    async idle() {
      await Promise.all(underWay.values())
    },
  }
}

function orderConfirmed(order: StoredOrder, confirmedAt: Date): OrderConfirmed {
  const at = confirmedAt.toISOString()
  return {
    id: randomUUID(),
    type: 'order.confirmed',
    occurredAt: at,
    order: {
      id: order.id,
      userId: order.userId,
      concertId: order.concertId,
      seatIds: order.seatIds,
      total: { amount: order.amount, currency: order.currency },
      confirmedAt: at,
    },
  }
}
