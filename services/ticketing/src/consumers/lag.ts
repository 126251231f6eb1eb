import {
  DEAD_LETTERS_STREAM,
  deadLetterSubject,
  ORDER_CONFIRMED_SUBJECT,
  ORDERS_STREAM,
} from '@faultline/contracts'
import type { Logger, Nats } from '@faultline/service-kit'
import { type ConsumerInfo, type JetStreamManager, jetstreamManager } from '@nats-io/jetstream'
import type { ConsumerMetrics } from './metrics.ts'

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
