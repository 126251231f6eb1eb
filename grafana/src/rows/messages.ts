import { latencyHeatmap } from '../panels/heatmap.ts'
import { logLines } from '../panels/logs.ts'
import { timeSeries } from '../panels/time-series.ts'
import { traceList } from '../panels/traces.ts'
import { everyService, readable, trouble } from '../queries/logql.ts'
import { errors, latency, processedMessages, sentMessages, traffic } from '../queries/red.ts'
import { slowOrFailedMessages, storedMessages } from '../queries/traceql.ts'
import type { KitRow } from './row.ts'

const byDestination = ['service_name', 'messaging_destination_name']
const destination = '{{service_name}} → {{messaging_destination_name}}'
/** Consumers, and how a legend names one. */
export const byConsumer = ['messaging_consumer_group_name']
export const consumer = '{{messaging_consumer_group_name}}'

/** Messages to the broker and out of it. */
export const messageFlowRow: KitRow = {
  title: 'Messages',
  panels: [
    timeSeries(
      {
        title: 'Published',
        description: 'Messages per second that were sent, by sender and subject.',
        width: 6,
        unit: 'cps',
      },
      [{ expr: traffic(sentMessages, byDestination), legend: destination }],
    ),
    timeSeries(
      {
        title: 'Failed to publish',
        description:
          'Share of the attempts that the broker did not acknowledge. The outbox makes them again.',
        width: 6,
        unit: 'percentunit',
        softMax: 0.02,
        max: 1,
      },
      [{ expr: errors(sentMessages, byDestination), legend: destination }],
    ),
    timeSeries(
      {
        title: 'p95 until acknowledged',
        description:
          'Time until the broker has a message on its disk and says so. A slow disk shows here first.',
        width: 6,
        unit: 's',
      },
      [{ expr: latency(sentMessages, 0.95, byDestination), legend: destination, exemplars: true }],
    ),
    timeSeries(
      {
        title: 'Processed',
        description: 'Messages per second that each consumer took, attempts that failed included.',
        width: 6,
        unit: 'cps',
      },
      [{ expr: traffic(processedMessages, byConsumer), legend: consumer }],
    ),
    timeSeries(
      {
        title: 'Failed attempts',
        description:
          'Share of the attempts that failed; the message comes again later, and is given up after the last one.',
        width: 6,
        unit: 'percentunit',
        softMax: 0.02,
        max: 1,
      },
      [{ expr: errors(processedMessages, byConsumer), legend: consumer }],
    ),
    timeSeries(
      {
        title: 'Time to process',
        description:
          'p99 of an attempt. For the ticket renderer it is CPU time, so it grows with load; its profile says in which function. Dots lead to traces.',
        width: 6,
        unit: 's',
      },
      [
        {
          expr: latency(processedMessages, 0.99, byConsumer),
          legend: `${consumer} p99`,
          exemplars: true,
        },
        { expr: latency(processedMessages, 0.5, byConsumer), legend: `${consumer} p50` },
      ],
    ),
    latencyHeatmap(
      {
        title: 'Time to process, distribution',
        description: 'All consumers together. Dots lead to traces.',
        width: 12,
      },
      processedMessages.duration,
      {},
    ),
  ],
}

/** Traces over the broker and what the consumers say. */
export const messageEvidenceRow: KitRow = {
  title: 'Traces and logs',
  panels: [
    traceList(
      {
        title: 'Slow or failed messages',
        description: 'Stored traces in which processing a message failed or took 500 ms and longer.',
        width: 8,
        height: 10,
        mayBeEmpty: { when: 'healthy', why: 'No message failed or was slow' },
      },
      slowOrFailedMessages,
    ),
    traceList(
      {
        title: 'Orders across the broker',
        description: 'Stored traces that go on behind the broker: one order from the click to its ticket.',
        width: 8,
        height: 10,
      },
      storedMessages,
    ),
    logLines(
      {
        title: 'Warnings and errors',
        description: 'Lines of level warn and above that have to do with messages, newest first.',
        width: 8,
        height: 10,
        mayBeEmpty: { when: 'healthy', why: 'No warning and no error was logged' },
      },
      `${everyService} |~ \`(?i)outbox|message|deliver|consumer|nats|dead letter\` | ${trouble} | ${readable}`,
    ),
  ],
}
