import {
  DEAD_LETTERS_STREAM,
  deadLetterSubject,
  ORDER_CONFIRMED_SUBJECT,
  ORDERS_STREAM,
  TICKET_RENDERER,
  WEBHOOK_SENDER,
} from '@faultline/contracts'
import type { Logger, MetricsRegistry, Nats } from '@faultline/service-kit'
import { type ConsumerInfo, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import { Counter, Gauge } from 'prom-client'

const GROUP = 'messaging_consumer_group_name'

/** Why a message became a dead letter; also label values, so the set is closed. */
export const DEAD_LETTER_REASONS = ['invalid-message', 'max-deliveries'] as const
export type DeadLetterReason = (typeof DEAD_LETTER_REASONS)[number]

/** What the consumers report beside the general metrics of messages. */
export type ConsumerMetrics = ReturnType<typeof createConsumerMetrics>

export function createConsumerMetrics(register: MetricsRegistry) {
  const common = { labelNames: [GROUP] as const, registers: [register] }
  const metrics = {
    redeliveries: new Counter({
      ...common,
      name: 'messaging_redelivered_messages_total',
      help: 'Messages that came again, after a failure or a crash',
    }),
    deadLetters: new Counter({
      ...common,
      labelNames: [GROUP, 'reason'] as const,
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

/** As often as metrics are scraped, in milliseconds. */
const INTERVAL_MS = 2_000

export interface LagWatch {
  stop(): void
}

/** Keeps the gauges of how far the consumers are behind. They are absent while the broker does not tell. */
export function watchLag(
  nats: Nats,
  consumers: readonly string[],
  metrics: ConsumerMetrics,
  logger: Logger,
): LagWatch {
  const gauges = [metrics.pending, metrics.ackPending, metrics.lagSeconds, metrics.deadLetterQueue]

  async function look(): Promise<void> {
    if (!nats.connected) {
      for (const gauge of gauges) gauge.reset()
      return
    }
    try {
      const manager = await jetstreamManager(await nats.connection(), { checkAPI: false })
      for (const name of consumers) {
        const group = { messaging_consumer_group_name: name }
        const info = await manager.consumers.info(ORDERS_STREAM, name)
        metrics.pending.set(group, info.num_pending)
        metrics.ackPending.set(group, info.num_ack_pending)
        metrics.lagSeconds.set(group, await oldestAge(manager, info))
      }
      const { state } = await manager.streams.info(DEAD_LETTERS_STREAM, { subjects_filter: '>' })
      for (const name of consumers) {
        const waiting = state.subjects?.[deadLetterSubject(name)] ?? 0
        metrics.deadLetterQueue.set({ messaging_consumer_group_name: name }, waiting)
      }
    } catch (error) {
      // Streams and consumers may not have been made yet; a broker that is away is told of elsewhere.
      logger.debug({ err: error }, 'the state of the consumers is not known')
      for (const gauge of gauges) gauge.reset()
    }
  }

  let looking = false
  const timer = setInterval(() => {
    if (looking) return
    looking = true
    void look().finally(() => {
      looking = false
    })
  }, INTERVAL_MS).unref()
  return { stop: () => clearInterval(timer) }
}

/** Seconds since the oldest message that is not acknowledged was stored. */
async function oldestAge(manager: JetStreamManager, info: ConsumerInfo): Promise<number> {
  if (info.num_pending + info.num_ack_pending === 0) return 0
  const message = await manager.direct.getMessage(ORDERS_STREAM, {
    seq: info.ack_floor.stream_seq + 1,
    next_by_subj: ORDER_CONFIRMED_SUBJECT,
  })
  return message ? Math.max(0, (Date.now() - message.time.getTime()) / 1_000) : 0
}
