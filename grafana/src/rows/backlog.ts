import type { MayBeEmpty } from '../panels/panel.ts'
import { timeSeries } from '../panels/time-series.ts'
import { maxBy, rate, select, sumBy } from '../queries/promql.ts'
import { byConsumer, consumer } from './messages.ts'
import type { KitRow } from './row.ts'

const nothingGivenUp: MayBeEmpty = { when: 'healthy', why: 'No message was given up' }

/** What waits at the consumers, and what they gave up. */
export const backlogRow: KitRow = {
  title: 'Backlog and trouble',
  panels: [
    timeSeries(
      {
        title: 'Messages that wait',
        description:
          'Not yet delivered, and delivered but not acknowledged (under way, or waiting for another try). Not delivered going up: the consumer is down or too slow.',
        width: 6,
        unit: 'short',
        softMax: 10,
      },
      [
        {
          expr: maxBy(byConsumer, select('messaging_consumer_pending_messages')),
          legend: `${consumer} not delivered`,
        },
        {
          expr: maxBy(byConsumer, select('messaging_consumer_ack_pending_messages')),
          legend: `${consumer} not acknowledged`,
        },
      ],
    ),
    timeSeries(
      {
        title: 'Lag',
        description: 'Age of the oldest message that a consumer has not acknowledged; 0 when there is none.',
        width: 6,
        unit: 's',
        softMax: 5,
        thresholds: [
          [null, 'transparent'],
          [60, 'red'],
        ],
      },
      [{ expr: maxBy(byConsumer, select('messaging_consumer_lag_seconds')), legend: consumer }],
    ),
    timeSeries(
      {
        title: 'Redeliveries',
        description: 'Messages per second that came again, after a failed attempt or a crash.',
        width: 4,
        unit: 'cps',
        softMax: 1,
      },
      [
        {
          expr: sumBy(byConsumer, rate('messaging_redelivered_messages_total')),
          legend: consumer,
        },
      ],
    ),
    timeSeries(
      {
        title: 'Given up',
        description:
          'Messages per second that became dead letters, by reason: tried as often as allowed, or unreadable.',
        width: 4,
        unit: 'cps',
        softMax: 1,
      },
      [
        {
          expr: sumBy([...byConsumer, 'reason'], rate('messaging_dead_letters_total')),
          legend: `${consumer} {{reason}}`,
          mayBeEmpty: nothingGivenUp,
        },
      ],
    ),
    timeSeries(
      {
        title: 'Dead letters',
        description:
          'Messages that were given up and wait for somebody: `faultline dead-letters list`, then `replay`. None is normal.',
        width: 4,
        unit: 'short',
        softMax: 1,
      },
      [
        {
          expr: maxBy(byConsumer, select('messaging_dead_letter_queue_messages')),
          legend: consumer,
        },
      ],
    ),
  ],
}
