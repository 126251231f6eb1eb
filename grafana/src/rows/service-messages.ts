import type { MayBeEmpty } from '../panels/panel.ts'
import { timeSeries } from '../panels/time-series.ts'
import { errors, latency, processedMessages, sentMessages, traffic } from '../queries/red.ts'
import { chosen } from '../variables.ts'
import type { KitRow } from './row.ts'

const bySubject = ['messaging_destination_name', 'messaging_consumer_group_name']
const subject = '{{messaging_consumer_group_name}} {{messaging_destination_name}}'

const sendsNone: MayBeEmpty = { when: 'other-service', why: 'This service sends no messages' }
const takesNone: MayBeEmpty = { when: 'other-service', why: 'This service takes no messages' }

/** Messages that the service sends and takes. */
export const serviceMessagesRow: KitRow = {
  title: 'Messages',
  panels: [
    timeSeries(
      {
        title: 'Sent',
        description: 'Messages per second that this service sends, by subject.',
        width: 6,
        unit: 'cps',
      },
      [{ expr: traffic(sentMessages, bySubject, chosen), legend: subject, mayBeEmpty: sendsNone }],
    ),
    timeSeries(
      {
        title: 'Taken',
        description:
          'Messages per second that this service processes, by consumer, failed attempts included.',
        width: 6,
        unit: 'cps',
      },
      [{ expr: traffic(processedMessages, bySubject, chosen), legend: subject, mayBeEmpty: takesNone }],
    ),
    timeSeries(
      {
        title: 'Failed attempts',
        description: 'Share of the attempts to process a message that failed.',
        width: 6,
        unit: 'percentunit',
        softMax: 0.02,
        max: 1,
      },
      [{ expr: errors(processedMessages, bySubject, chosen), legend: subject, mayBeEmpty: takesNone }],
    ),
    timeSeries(
      {
        title: 'p99 to process',
        description: '99 % of the attempts are quicker. Dots lead to traces.',
        width: 6,
        unit: 's',
      },
      [
        {
          expr: latency(processedMessages, 0.99, bySubject, chosen),
          legend: subject,
          exemplars: true,
          mayBeEmpty: takesNone,
        },
      ],
    ),
  ],
}
