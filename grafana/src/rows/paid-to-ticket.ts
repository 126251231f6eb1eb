import { quantileColours } from '../colours.ts'
import { objectives } from '../objectives.ts'
import { latencyHeatmap } from '../panels/heatmap.ts'
import { timeSeries } from '../panels/time-series.ts'
import { maxBy, rate, select, sumBy } from '../queries/promql.ts'
import { timeToTicket } from '../queries/tickets.ts'
import type { KitRow } from './row.ts'

/** How the four stages between a paid order and its ticket are doing, in the order in which they are passed. */
export const ticketRow: KitRow = {
  title: 'From payment to ticket',
  panels: [
    timeSeries(
      {
        title: 'Time to ticket',
        description:
          'From the confirmation of a paid order until its ticket can be had: outbox, broker, queue and rendering together. The line is the objective. Dots lead to the order’s trace.',
        width: 8,
        height: 9,
        unit: 's',
        thresholds: [
          [null, 'transparent'],
          [objectives.ticketSeconds, 'red'],
        ],
        overrides: quantileColours,
      },
      [
        { expr: timeToTicket(0.99), legend: 'p99', exemplars: true },
        { expr: timeToTicket(0.95), legend: 'p95' },
        { expr: timeToTicket(0.5), legend: 'p50' },
      ],
    ),
    latencyHeatmap(
      {
        title: 'Time to ticket, distribution',
        description:
          'Two bands: those that came at once, and those that had to be delivered again or waited out an outage.',
        width: 8,
        height: 9,
      },
      'box_office_payment_to_ticket_seconds',
      {},
    ),
    timeSeries(
      {
        title: 'Orders paid and tickets made',
        description:
          'Both per second, and the same line when all is well. Paid above made: tickets pile up somewhere on the way. Made above paid: the pile is being worked off.',
        width: 8,
        height: 9,
        unit: 'cps',
      },
      [
        { expr: sumBy([], rate('box_office_orders_total', { outcome: '="confirmed"' })), legend: 'paid' },
        { expr: sumBy([], rate('box_office_payment_to_ticket_seconds_count')), legend: 'made' },
      ],
    ),
  ],
}

/** The table in which events wait for the broker. */
export const outboxRow: KitRow = {
  title: 'Outbox',
  panels: [
    timeSeries(
      {
        title: 'Events that wait',
        description:
          'Events written with their order and not yet acknowledged by the broker. A few at most; a line that climbs is a relay that does not get through.',
        width: 6,
        unit: 'short',
        softMax: 10,
      },
      [{ expr: maxBy(['service_name'], select('outbox_backlog')), legend: '{{service_name}}' }],
    ),
    timeSeries(
      {
        title: 'Age of the oldest',
        description: 'How long the oldest of them has waited; 0 when there is none. From 30 s on it pages.',
        width: 6,
        unit: 's',
        softMax: 5,
        thresholds: [
          [null, 'transparent'],
          [30, 'red'],
        ],
      },
      [
        {
          expr: maxBy(['service_name'], select('outbox_oldest_event_age_seconds')),
          legend: '{{service_name}}',
        },
      ],
    ),
    timeSeries(
      {
        title: 'Relay',
        description:
          'Events per second that the broker acknowledged, and attempts that it did not, which are made again.',
        width: 6,
        unit: 'cps',
      },
      [
        { expr: sumBy([], rate('outbox_published_total')), legend: 'published' },
        { expr: sumBy([], rate('outbox_publish_failures_total')), legend: 'failed, tried again' },
      ],
    ),
    timeSeries(
      {
        title: 'Connected to the broker',
        description:
          '1: the replica has a connection. Without one it goes on serving; events wait, and flags keep their last value.',
        width: 6,
        unit: 'short',
        max: 1,
      },
      [{ expr: select('nats_client_connected'), legend: '{{service_instance_id}}' }],
    ),
  ],
}
