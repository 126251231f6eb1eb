/** What booking does beside answering requests. Each round is bounded, and any number of replicas may do it at once. */
import { type Database, Deadline, type Logger } from '@faultline/service-kit'
import type { EventPublisher } from '../clients/broker.ts'
import * as keys from '../repositories/idempotency-keys.ts'
import * as orders from '../repositories/orders.ts'
import * as outbox from '../repositories/outbox.ts'
import * as reservations from '../repositories/reservations.ts'
import { moveHeldSeats } from './inventory.ts'
import type { BookingMetrics } from './metrics.ts'
import type { OrderPayment } from './payment.ts'
import { inSpan, inStoredContext } from './trace-context.ts'

export interface BackgroundOptions {
  /** Whose statements are seen in traces. */
  database: Database
  /** For looks that mostly find nothing: several a second belong in no trace. */
  quiet: Database
  payment: OrderPayment
  publisher: EventPublisher
  metrics: BookingMetrics
  logger: Pick<Logger, 'info' | 'warn'>
}

/** Holds ended in one transaction. */
const EXPIRY_BATCH = 50
/** Pending orders asked about at a time. */
const RECOVERY_BATCH = 10
/** Longest pause before a pending order is asked about again, in seconds. */
const RECOVERY_MAX_DELAY_SECONDS = 10
/** Time that payments gets, in milliseconds. */
const RECOVERY_TIMEOUT_MS = 3_000
/** Events published in one transaction. */
const RELAY_BATCH = 100
/** How long an answer is kept for repeats, and a sent event to look at, in seconds. */
const KEPT_SECONDS = 86_400
/** Rows deleted at a time. */
const DELETE_BATCH = 1_000
/** Time for the statements of one round, in milliseconds; longer than an acknowledgement may take. */
const ROUND_TIMEOUT_MS = 5_000

const soon = () => Deadline.after(ROUND_TIMEOUT_MS)

/** @returns for each kind of work one round, which says whether there is more to do at once */
export function createBackground(options: BackgroundOptions) {
  const { database, quiet, payment, publisher, metrics, logger } = options

  async function publish(event: outbox.StoredEvent): Promise<string | undefined> {
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

  return {
    /**
     * Carries events from the outbox to the broker, oldest first. The rows are locked while they are published, so that
     * no other relay sends them, and marked when the broker has acknowledged them. A relay that dies in between
     * publishes again; the broker recognizes the event's id.
     */
    async relay(): Promise<boolean> {
      // While the broker is away, what it would be told waits where it is safe.
      if (!publisher.available) return false
      const deadline = soon()
      if (!(await outbox.anyUnsent(quiet, deadline))) return false
      return inSpan('outbox relay', () =>
        database.transaction(async (on) => {
          const events = await outbox.lockUnsent(on, RELAY_BATCH, deadline)
          const sent = (await Promise.all(events.map(publish))).filter((sequence) => sequence !== undefined)
          if (sent.length > 0) await outbox.markSent(on, sent, deadline)
          return events.length === RELAY_BATCH && sent.length === RELAY_BATCH
        }, deadline),
      )
    },

    /** Frees the seats of holds whose time is up: the visitor has abandoned them. */
    async expiry(): Promise<boolean> {
      if (!(await reservations.anyDue(quiet, soon()))) return false
      const deadline = soon()
      const ended = await inSpan('reservations expire', () =>
        database.transaction(async (on) => {
          const expired = await reservations.expire(on, EXPIRY_BATCH, deadline)
          if (expired.length === 0) return 0
          const seatIds = expired.flatMap((reservation) => reservation.seatIds)
          await moveHeldSeats(on, seatIds, 'available', deadline)
          const ids = expired.map(({ id }) => id)
          await reservations.deactivateSeats(on, ids, deadline)
          return expired.length
        }, deadline),
      )
      metrics.reservations.inc({ outcome: 'expired' }, ended)
      if (ended > 0) logger.info({ reservations: ended }, 'holds expired')
      return ended === EXPIRY_BATCH
    },

    /** Asks payments again about orders whose request could not wait, or died. */
    async recovery(): Promise<boolean> {
      const due = await orders.claimDue(quiet, RECOVERY_BATCH, RECOVERY_MAX_DELAY_SECONDS, soon())
      await Promise.all(
        due.map((order) =>
          inStoredContext(order.traceContext, 'order recover', () =>
            payment.drive(order, Deadline.after(RECOVERY_TIMEOUT_MS)),
          ),
        ),
      )
      return due.length === RECOVERY_BATCH
    },

    /** Forgets what nobody asks for any more. */
    async housekeeping(): Promise<boolean> {
      const deletedKeys = await keys.deleteOld(quiet, KEPT_SECONDS, DELETE_BATCH, soon())
      const deletedEvents = await outbox.deleteSent(quiet, KEPT_SECONDS, DELETE_BATCH, soon())
      return deletedKeys === DELETE_BATCH || deletedEvents === DELETE_BATCH
    },

    /** Says how much waits, and how long it has. */
    async observation(): Promise<boolean> {
      const pending = await orders.pending(quiet, soon())
      metrics.pendingOrders.set(pending.count)
      metrics.oldestPendingOrderSeconds.set(pending.oldestSeconds)
      const backlog = await outbox.backlog(quiet, soon())
      metrics.outboxBacklog.set(backlog.count)
      metrics.outboxOldestSeconds.set(backlog.oldestSeconds)
      return false
    },
  }
}
