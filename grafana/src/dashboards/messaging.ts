import { quantileColours } from '../colours.ts'
import { objectives } from '../objectives.ts'
import { logLines, traceList } from '../panels/evidence.ts'
import { latencyHeatmap } from '../panels/heatmap.ts'
import { type KitRow, type MayBeEmpty, steps } from '../panels/panel.ts'
import { timeSeries } from '../panels/time-series.ts'
import {
  everyService,
  readable,
  slowOrFailedMessages,
  storedMessages,
  trouble,
} from '../queries/logs-and-traces.ts'
import { maxBy, rate, select, sumBy } from '../queries/promql.ts'
import { errors, latency, processedMessages, sentMessages, timeToTicket, traffic } from '../queries/red.ts'
import { kitDashboard } from './dashboard.ts'

/** How the four stages between a paid order and its ticket are doing, in the order in which they are passed. */
const ticketRow: KitRow = {
  title: 'From payment to ticket',
  width: 8,
  height: 9,
  panels: [
    timeSeries({
      title: 'Time to ticket',
      description:
        'From the confirmation of a paid order until its ticket is available: outbox, broker, queue and rendering together. The line is the objective. Dots lead to the order’s trace.',
      unit: 's',
      thresholds: steps('transparent', [objectives.ticketSeconds, 'red']),
      overrides: quantileColours,
      queries: [
        { expr: timeToTicket(0.99), legend: 'p99', exemplars: true },
        { expr: timeToTicket(0.95), legend: 'p95' },
        { expr: timeToTicket(0.5), legend: 'p50' },
      ],
    }),
    latencyHeatmap({
      title: 'Time to ticket, distribution',
      description:
        'Two bands: those that came at once, and those that had to be delivered again or waited out an outage.',
      histogram: 'box_office_payment_to_ticket_seconds',
    }),
    timeSeries({
      title: 'Orders paid and tickets made',
      description:
        'Both per second, and the same line when all is well. Paid above made: tickets pile up somewhere on the way. Made above paid: the pile is being worked off.',
      unit: 'cps',
      queries: [
        { expr: sumBy([], rate('box_office_orders_total', { outcome: '="confirmed"' })), legend: 'paid' },
        { expr: sumBy([], rate('box_office_payment_to_ticket_seconds_count')), legend: 'made' },
      ],
    }),
  ],
}

/** The table in which events wait for the broker. */
const outboxRow: KitRow = {
  title: 'Outbox',
  width: 6,
  panels: [
    timeSeries({
      title: 'Events that wait',
      description:
        'Events written with their order and not yet acknowledged by the broker. A few at most; a line that climbs is a relay that does not get through.',
      unit: 'short',
      softMax: 10,
      expr: maxBy(['service_name'], select('outbox_backlog')),
      legend: '{{service_name}}',
    }),
    timeSeries({
      title: 'Age of the oldest',
      description: 'How long the oldest of them has waited; 0 when there is none. From 30 s on it pages.',
      unit: 's',
      softMax: 5,
      thresholds: steps('transparent', [30, 'red']),
      expr: maxBy(['service_name'], select('outbox_oldest_event_age_seconds')),
      legend: '{{service_name}}',
    }),
    timeSeries({
      title: 'Relay',
      description:
        'Events per second that the broker acknowledged, and attempts that it did not, which are made again.',
      unit: 'cps',
      queries: [
        { expr: sumBy([], rate('outbox_published_total')), legend: 'published' },
        { expr: sumBy([], rate('outbox_publish_failures_total')), legend: 'failed, tried again' },
      ],
    }),
    timeSeries({
      title: 'Connected to the broker',
      description:
        '1: the replica has a connection. Without one it goes on serving; events wait, and flags keep their last value.',
      unit: 'short',
      max: 1,
      expr: select('nats_client_connected'),
      legend: '{{service_instance_id}}',
    }),
  ],
}

const byDestination = ['service_name', 'messaging_destination_name']
const destination = '{{service_name}} → {{messaging_destination_name}}'
/** Consumers, and how a legend names one. */
const byConsumer = ['messaging_consumer_group_name']
const consumer = '{{messaging_consumer_group_name}}'

/** Messages to the broker and out of it. */
const messageFlowRow: KitRow = {
  title: 'Messages',
  width: 6,
  panels: [
    timeSeries({
      title: 'Published',
      description: 'Messages per second that were sent, by sender and subject.',
      unit: 'cps',
      expr: traffic(sentMessages, byDestination),
      legend: destination,
    }),
    timeSeries({
      title: 'Failed to publish',
      description: 'Share of the attempts that the broker did not acknowledge. The outbox makes them again.',
      unit: 'percentunit',
      softMax: 0.02,
      max: 1,
      expr: errors(sentMessages, byDestination),
      legend: destination,
    }),
    timeSeries({
      title: 'p95 until acknowledged',
      description:
        'Time until the broker has a message on its disk and says so. A slow disk shows here first.',
      unit: 's',
      expr: latency(sentMessages, 0.95, byDestination),
      legend: destination,
      exemplars: true,
    }),
    timeSeries({
      title: 'Processed',
      description: 'Messages per second that each consumer took, attempts that failed included.',
      unit: 'cps',
      expr: traffic(processedMessages, byConsumer),
      legend: consumer,
    }),
    timeSeries({
      title: 'Failed attempts',
      description:
        'Share of the attempts that failed; the message comes again later, and is given up after the last one.',
      unit: 'percentunit',
      softMax: 0.02,
      max: 1,
      expr: errors(processedMessages, byConsumer),
      legend: consumer,
    }),
    timeSeries({
      title: 'Time to process',
      description:
        'p99 of an attempt. For the ticket renderer it is CPU time, so it grows with load; its profile says in which function. Dots lead to traces.',
      unit: 's',
      queries: [
        { expr: latency(processedMessages, 0.99, byConsumer), legend: `${consumer} p99`, exemplars: true },
        { expr: latency(processedMessages, 0.5, byConsumer), legend: `${consumer} p50` },
      ],
    }),
    latencyHeatmap({
      title: 'Time to process, distribution',
      description: 'All consumers together. Dots lead to traces.',
      width: 12,
      histogram: processedMessages.duration,
    }),
  ],
}

/** Traces over the broker and what the consumers say. */
const messageEvidenceRow: KitRow = {
  title: 'Traces and logs',
  width: 8,
  height: 10,
  panels: [
    traceList({
      title: 'Slow or failed messages',
      description: 'Stored traces in which processing a message failed or took 500 ms and longer.',
      mayBeEmpty: { when: 'healthy', why: 'No message failed or was slow' },
      traceql: slowOrFailedMessages,
    }),
    traceList({
      title: 'Orders across the broker',
      description: 'Stored traces that go on behind the broker: one order from the click to its ticket.',
      traceql: storedMessages,
    }),
    logLines({
      title: 'Warnings and errors',
      description: 'Lines of level warn and above that have to do with messages, newest first.',
      mayBeEmpty: { when: 'healthy', why: 'No warning and no error was logged' },
      expr: `${everyService} |~ \`(?i)outbox|message|deliver|consumer|nats|dead letter\` | ${trouble} | ${readable}`,
    }),
  ],
}

const nothingGivenUp: MayBeEmpty = { when: 'healthy', why: 'No message was given up' }

/** What waits at the consumers, and what they gave up. */
const backlogRow: KitRow = {
  title: 'Backlog and trouble',
  width: 4,
  panels: [
    timeSeries({
      title: 'Messages that wait',
      description:
        'Not yet delivered, and delivered but not acknowledged (under way, or waiting for another try). Not delivered going up: the consumer is down or too slow.',
      width: 6,
      unit: 'short',
      softMax: 10,
      queries: [
        {
          expr: maxBy(byConsumer, select('messaging_consumer_pending_messages')),
          legend: `${consumer} not delivered`,
        },
        {
          expr: maxBy(byConsumer, select('messaging_consumer_ack_pending_messages')),
          legend: `${consumer} not acknowledged`,
        },
      ],
    }),
    timeSeries({
      title: 'Lag',
      description: 'Age of the oldest message that a consumer has not acknowledged; 0 when there is none.',
      width: 6,
      unit: 's',
      softMax: 5,
      thresholds: steps('transparent', [60, 'red']),
      expr: maxBy(byConsumer, select('messaging_consumer_lag_seconds')),
      legend: consumer,
    }),
    timeSeries({
      title: 'Redeliveries',
      description: 'Messages per second that came again, after a failed attempt or a crash.',
      unit: 'cps',
      softMax: 1,
      expr: sumBy(byConsumer, rate('messaging_redelivered_messages_total')),
      legend: consumer,
    }),
    timeSeries({
      title: 'Given up',
      description:
        'Messages per second that became dead letters, by reason: tried as often as allowed, or unreadable.',
      unit: 'cps',
      softMax: 1,
      expr: sumBy([...byConsumer, 'reason'], rate('messaging_dead_letters_total')),
      legend: `${consumer} {{reason}}`,
      mayBeEmpty: nothingGivenUp,
    }),
    timeSeries({
      title: 'Dead letters',
      description:
        'Messages that were given up and wait for somebody: `faultline dead-letters list`, then `replay`. None is normal.',
      unit: 'short',
      softMax: 1,
      expr: maxBy(byConsumer, select('messaging_dead_letter_queue_messages')),
      legend: consumer,
    }),
  ],
}

/** Everything between a paid order and its ticket. */
export const messaging = kitDashboard({
  uid: 'messaging',
  description:
    'Everything between a paid order and its ticket, in the order in which it is passed: outbox, broker, consumers. At the top whether tickets come in time; at the bottom the traces that cross the broker.',
  tabs: ['overview', 'service'],
  rows: [ticketRow, outboxRow, messageFlowRow, backlogRow, messageEvidenceRow],
})
