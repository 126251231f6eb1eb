import { TICKET_RENDERER, WEBHOOK_SENDER } from '@faultline/contracts'
import type { MetricsRegistry } from '@faultline/service-kit'
import { Counter, Gauge } from 'prom-client'

const GROUP = 'messaging_consumer_group_name'

/** Why a message became a dead letter; also label values, so the set is closed. */
export const DEAD_LETTER_REASONS = ['invalid-message', 'max-deliveries'] as const
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number]

/** What the consumers report beside the general metrics of messages. */
export interface ConsumerMetrics {
  redeliveries: Counter<typeof GROUP>
  deadLetters: Counter<typeof GROUP | 'reason'>
  pending: Gauge<typeof GROUP>
  ackPending: Gauge<typeof GROUP>
  lagSeconds: Gauge<typeof GROUP>
  deadLetterQueue: Gauge<typeof GROUP>
}

export function createConsumerMetrics(register: MetricsRegistry): ConsumerMetrics {
  const common = { labelNames: [GROUP] as const, registers: [register] }
  const metrics: ConsumerMetrics = {
    redeliveries: new Counter({
      ...common,
      name: 'messaging_redelivered_messages_total',
      help: 'Messages that came again, after a failure or a crash',
    }),
    deadLetters: new Counter({
      ...common,
      labelNames: [GROUP, 'reason'],
      name: 'messaging_dead_letters_total',
      help: 'Messages that were given up',
    }),
    pending: new Gauge({
      ...common,
      name: 'messaging_consumer_pending_messages',
      help: 'Messages that have not been delivered to the consumer yet',
    }),
    ackPending: new Gauge({
      ...common,
      name: 'messaging_consumer_ack_pending_messages',
      help: 'Messages that were delivered but not acknowledged: under way, or waiting for another try',
    }),
    lagSeconds: new Gauge({
      ...common,
      name: 'messaging_consumer_lag_seconds',
      help: 'Age of the oldest message that the consumer has not acknowledged; 0 for none',
    }),
    deadLetterQueue: new Gauge({
      ...common,
      name: 'messaging_dead_letter_queue_messages',
      help: 'Dead letters that wait to be replayed or to expire',
    }),
  }
  // A rate needs the series from the start.
  for (const name of [TICKET_RENDERER, WEBHOOK_SENDER]) {
    metrics.redeliveries.inc({ [GROUP]: name }, 0)
    for (const reason of DEAD_LETTER_REASONS) metrics.deadLetters.inc({ [GROUP]: name, reason }, 0)
  }
  return metrics
}
