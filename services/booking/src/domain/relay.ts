import { type Database, Deadline, type Logger } from '@faultline/service-kit'
import type { OutboxRepository, StoredEvent } from '../repositories/outbox.ts'
import type { EventPublisher } from '../repositories/publisher.ts'
import type { BookingMetrics } from './metrics.ts'
import { inSpan } from './trace-context.ts'

export interface RelayOptions {
  database: Pick<Database, 'transaction'>
  /** For the look that mostly finds nothing: several a second belong in no trace. */
  quiet: Database
  outbox: OutboxRepository
  publisher: EventPublisher
  metrics: Pick<BookingMetrics, 'outboxPublished' | 'outboxFailures'>
  logger: Pick<Logger, 'warn'>
  /** Events published in one transaction. */
  batch?: number
  /** Time of one round, in milliseconds; longer than an acknowledgement may take. */
  roundTimeoutMs?: number
}

export const relayDefaults = { batch: 100, roundTimeoutMs: 5_000 } satisfies Partial<RelayOptions>

/**
 * One round of carrying events from the outbox to the broker, oldest first. The rows are locked while they are
 * published, so that no other relay sends them, and marked when the broker has acknowledged them. A relay that dies in
 * between publishes again; the broker recognizes the event's id.
 *
 * @returns whether there is more to do at once
 */
export function createRelay(options: RelayOptions): () => Promise<boolean> {
  const { database, quiet, outbox, publisher, metrics, logger, batch, roundTimeoutMs } = {
    ...relayDefaults,
    ...options,
  }

  async function publish(event: StoredEvent): Promise<string | undefined> {
    try {
      await publisher.publish(event)
      metrics.outboxPublished.inc()
      return event.sequence
    } catch (error) {
      metrics.outboxFailures.inc()
      logger.warn(
        { err: error, 'messaging.message.id': event.id },
        'event not acknowledged; sent again later',
      )
      return undefined
    }
  }

  return async function relay() {
    // While the broker is away, what it would be told waits where it is safe.
    if (!publisher.available) return false
    const deadline = Deadline.after(roundTimeoutMs)
    if (!(await outbox.anyUnsent(quiet, deadline))) return false
    return inSpan('outbox relay', () =>
      database.transaction(async (on) => {
        const events = await outbox.lockUnsent(on, batch, deadline)
        const sent = (await Promise.all(events.map(publish))).filter((sequence) => sequence !== undefined)
        if (sent.length > 0) await outbox.markSent(on, sent, deadline)
        return events.length === batch && sent.length === batch
      }, deadline),
    )
  }
}
