import type { MetricsRegistry } from '@faultline/service-kit'
import { Counter, Gauge } from 'prom-client'

export type BookingMetrics = ReturnType<typeof createBookingMetrics>

/** What booking reports of itself, beside what every service does. */
export function createBookingMetrics(register: MetricsRegistry) {
  const registers = [register]
  /** A rate needs the series from the start. */
  const counter = <Label extends string>(name: string, help: string, label: Label, values: string[]) => {
    const made = new Counter({ name, help, labelNames: [label], registers })
    for (const value of values) made.inc({ [label]: value } as Record<Label, string>, 0)
    return made
  }
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers })
  return {
    reservations: counter(
      'box_office_reservations_total',
      'Reservations by what became of them: held or refused first; then ordered, released, expired (abandoned) or declined',
      'outcome',
      ['held', 'refused', 'ordered', 'released', 'expired', 'declined'],
    ),
    orders: counter(
      'box_office_orders_total',
      'Orders settled, attempts that left the payment unknown, and answers of payments that contradict an earlier one',
      'outcome',
      ['confirmed', 'declined', 'unknown', 'contradicted'],
    ),
    ticketsSold: new Counter({ name: 'box_office_tickets_sold_total', help: 'Seats paid for', registers }),
    revenue: counter(
      'box_office_revenue_total',
      'Money of confirmed orders, in the smallest unit of the currency',
      'currency',
      ['EUR'],
    ),
    idempotency: counter(
      'idempotency_requests_total',
      'Requests with an idempotency key: first of the key, replayed, reused for another request, or in progress elsewhere',
      'outcome',
      ['first', 'replayed', 'reused', 'in_progress'],
    ),
    pendingOrders: gauge(
      'box_office_orders_pending',
      'Orders of which it is not known whether they are paid; the same in every replica',
    ),
    oldestPendingOrderSeconds: gauge(
      'box_office_oldest_pending_order_age_seconds',
      'Age of the oldest pending order, 0 when there is none; the same in every replica',
    ),
    outboxBacklog: gauge(
      'outbox_backlog',
      'Events written and not yet acknowledged by the broker; the same in every replica',
    ),
    outboxOldestSeconds: gauge(
      'outbox_oldest_event_age_seconds',
      'Age of the oldest event in the backlog, 0 when there is none; the same in every replica',
    ),
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
}
