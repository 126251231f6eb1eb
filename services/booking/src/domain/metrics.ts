import type { MetricsRegistry } from '@faultline/service-kit'
import { Counter, Gauge } from 'prom-client'

/** How a reservation was refused or ended; `expired` are the abandoned ones. */
export const RESERVATION_OUTCOMES = ['held', 'refused', 'ordered', 'released', 'expired', 'declined'] as const
export const ORDER_OUTCOMES = ['confirmed', 'declined', 'unknown', 'contradicted'] as const
export const IDEMPOTENCY_OUTCOMES = ['first', 'replayed', 'reused', 'in_progress'] as const

/** What booking reports of itself, beside what every service does. */
export interface BookingMetrics {
  reservations: Counter<'outcome'>
  orders: Counter<'outcome'>
  ticketsSold: Counter
  revenue: Counter<'currency'>
  idempotency: Counter<'outcome'>
  pendingOrders: Gauge
  oldestPendingOrderSeconds: Gauge
  outboxBacklog: Gauge
  outboxOldestSeconds: Gauge
  outboxPublished: Counter
  outboxFailures: Counter
}

export function createBookingMetrics(register: MetricsRegistry): BookingMetrics {
  const registers = [register]
  const metrics: BookingMetrics = {
    reservations: new Counter({
      name: 'box_office_reservations_total',
      help: 'Reservations by what became of them: held or refused first; then ordered, released, expired (abandoned) or declined',
      labelNames: ['outcome'],
      registers,
    }),
    orders: new Counter({
      name: 'box_office_orders_total',
      help: 'Orders settled, attempts that left the payment unknown, and answers of payments that contradict an earlier one',
      labelNames: ['outcome'],
      registers,
    }),
    ticketsSold: new Counter({
      name: 'box_office_tickets_sold_total',
      help: 'Seats paid for',
      registers,
    }),
    revenue: new Counter({
      name: 'box_office_revenue_total',
      help: 'Money of confirmed orders, in the smallest unit of the currency',
      labelNames: ['currency'],
      registers,
    }),
    idempotency: new Counter({
      name: 'idempotency_requests_total',
      help: 'Requests with an idempotency key: first of the key, replayed, reused for another request, or in progress elsewhere',
      labelNames: ['outcome'],
      registers,
    }),
    pendingOrders: new Gauge({
      name: 'box_office_orders_pending',
      help: 'Orders of which it is not known whether they are paid; the same in every replica',
      registers,
    }),
    oldestPendingOrderSeconds: new Gauge({
      name: 'box_office_oldest_pending_order_age_seconds',
      help: 'Age of the oldest pending order, 0 when there is none; the same in every replica',
      registers,
    }),
    outboxBacklog: new Gauge({
      name: 'outbox_backlog',
      help: 'Events written and not yet acknowledged by the broker; the same in every replica',
      registers,
    }),
    outboxOldestSeconds: new Gauge({
      name: 'outbox_oldest_event_age_seconds',
      help: 'Age of the oldest event in the backlog, 0 when there is none; the same in every replica',
      registers,
    }),
    outboxPublished: new Counter({
      name: 'outbox_published_total',
      help: 'Events acknowledged by the broker',
      registers,
    }),
    outboxFailures: new Counter({
      name: 'outbox_publish_failures_total',
      help: 'Events that were not acknowledged and are tried again',
      registers,
    }),
  }
  // A rate needs the series from the start.
  for (const outcome of RESERVATION_OUTCOMES) metrics.reservations.inc({ outcome }, 0)
  for (const outcome of ORDER_OUTCOMES) metrics.orders.inc({ outcome }, 0)
  for (const outcome of IDEMPOTENCY_OUTCOMES) metrics.idempotency.inc({ outcome }, 0)
  metrics.revenue.inc({ currency: 'EUR' }, 0)
  return metrics
}
