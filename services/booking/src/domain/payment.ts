import { randomUUID } from 'node:crypto'
import { ORDER_CONFIRMED_SUBJECT, type OrderConfirmed } from '@faultline/contracts'
import { type Database, Deadline, DependencyError, type Logger, type Queryable } from '@faultline/service-kit'
import type { ChargeOutcome, PaymentsClient } from '../clients/payments.ts'
import * as orders from '../repositories/orders.ts'
import * as outbox from '../repositories/outbox.ts'
import * as reservations from '../repositories/reservations.ts'
import { moveHeldSeats } from './inventory.ts'
import type { BookingMetrics } from './metrics.ts'
import { type SagaEvent, sagaStep } from './saga.ts'
import { activeTraceContext } from './trace-context.ts'

type StoredOrder = orders.StoredOrder

export interface OrderPaymentOptions {
  database: Database
  payments: PaymentsClient
  metrics: BookingMetrics
  logger: Pick<Logger, 'info' | 'warn' | 'error'>
  /** Called when there is an event to publish. */
  onEvent: () => void
}

/** Time to write down what is known of a payment, in milliseconds; its own, as that knowledge must not get lost. */
const SETTLE_TIMEOUT_MS = 2_000

const EVENT_OF: Readonly<Record<ChargeOutcome['status'], SagaEvent>> = {
  succeeded: 'paid',
  declined: 'refused',
  pending: 'unknown',
}

export type OrderPayment = ReturnType<typeof createOrderPayment>

/** Brings pending orders to their end, for requests and for the recovery alike. */
export function createOrderPayment({ database, payments, metrics, logger, onEvent }: OrderPaymentOptions) {
  const underWay = new Map<string, Promise<void>>()

  async function charge(order: StoredOrder, deadline: Deadline): Promise<ChargeOutcome> {
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
    const outcome = await charge(order, deadline)
    if (outcome.status === 'pending') {
      metrics.orders.inc({ outcome: 'unknown' })
      return
    }
    const limit = Deadline.after(SETTLE_TIMEOUT_MS)
    const settled = await database.transaction((on) => settle(on, order.id, outcome, limit), limit)
    if (settled) report(settled, outcome)
  }

  /** @returns the order when this is what settled it */
  async function settle(
    on: Queryable,
    id: string,
    outcome: ChargeOutcome,
    deadline: Deadline,
  ): Promise<StoredOrder | undefined> {
    const order = await orders.lock(on, id, deadline)
    if (!order) throw new Error(`order ${id} is gone`)
    const step = sagaStep(order.status, EVENT_OF[outcome.status])
    if (!step) {
      // Only people can say which of the two answers is true, and what is owed to the visitor.
      metrics.orders.inc({ outcome: 'contradicted' })
      logger.error(
        { 'order.id': id, status: order.status },
        `payments say ${outcome.status}: a contradiction`,
      )
      return undefined
    }
    if (step.effects.includes('sell-seats')) await moveHeldSeats(on, order.seatIds, 'sold', deadline)
    if (step.effects.includes('free-seats')) {
      await moveHeldSeats(on, order.seatIds, 'available', deadline)
      await reservations.deactivateSeats(on, [order.reservationId], deadline)
      await reservations.setStatus(on, order.reservationId, 'declined', deadline)
    }
    if (step.state === order.status) return undefined
    if (outcome.status === 'declined') await orders.decline(on, id, outcome.reason, deadline)
    if (outcome.status === 'succeeded') {
      const payload = orderConfirmed(order, await orders.confirm(on, id, deadline))
      const traceContext = activeTraceContext()
      const event = { id: payload.id, subject: ORDER_CONFIRMED_SUBJECT, payload, traceContext }
      if (step.effects.includes('announce')) await outbox.add(on, event, deadline)
    }
    return order
  }

  function report(order: StoredOrder, { status }: ChargeOutcome): void {
    if (status === 'succeeded') {
      onEvent()
      metrics.orders.inc({ outcome: 'confirmed' })
      metrics.ticketsSold.inc(order.seatIds.length)
      metrics.revenue.inc({ currency: order.currency }, order.amount)
    } else {
      metrics.orders.inc({ outcome: 'declined' })
      metrics.reservations.inc({ outcome: 'declined' })
    }
    logger.info({ 'order.id': order.id, attempts: order.attempts }, `order ${status}`)
  }

  return {
    /**
     * Asks payments and settles the order by what they say. Callers for the same order share one attempt. An order
     * that is still pending afterwards is no error: it is tried again.
     */
    drive(order: StoredOrder, deadline: Deadline): Promise<void> {
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
    /** Resolves when no attempt is under way. */
    async idle(): Promise<void> {
      await Promise.all(underWay.values())
    },
  }
}

function orderConfirmed(order: StoredOrder, at: Date): OrderConfirmed {
  const { id, userId, concertId, seatIds, amount, currency } = order
  const confirmedAt = at.toISOString()
  return {
    id: randomUUID(),
    type: 'order.confirmed',
    occurredAt: confirmedAt,
    order: { id, userId, concertId, seatIds, total: { amount, currency }, confirmedAt },
  }
}
