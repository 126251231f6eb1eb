/** What booking does beside answering requests. Each round is bounded, and any number of replicas may do it at once. */
import { type Database, Deadline, type Logger } from '@faultline/service-kit'
import type { IdempotencyKeyRepository } from '../repositories/idempotency-keys.ts'
import type { OrderRepository } from '../repositories/orders.ts'
import type { OutboxRepository } from '../repositories/outbox.ts'
import type { ReservationRepository } from '../repositories/reservations.ts'
import type { Inventory } from './inventory.ts'
import type { BookingMetrics } from './metrics.ts'
import type { OrderPayment } from './payment.ts'
import { inSpan, inStoredContext } from './trace-context.ts'

export interface BackgroundOptions {
  /** Whose statements are seen in traces. */
  database: Database
  /** For looks that mostly find nothing: several a second belong in no trace. */
  quiet: Database
  reservations: ReservationRepository
  orders: OrderRepository
  outbox: OutboxRepository
  keys: IdempotencyKeyRepository
  inventory: Inventory
  payment: OrderPayment
  metrics: BookingMetrics
  logger: Pick<Logger, 'info'>
}

export const backgroundDefaults = {
  /** Holds ended in one transaction. */
  expiryBatch: 50,
  /** Pending orders asked about at a time. */
  recoveryBatch: 10,
  /** Longest pause before a pending order is asked about again, in seconds. */
  recoveryMaxDelaySeconds: 10,
  /** Time that payments gets, in milliseconds. */
  recoveryTimeoutMs: 3_000,
  /** How long an answer is kept for repeats, in seconds. */
  keySeconds: 86_400,
  /** How long a sent event is kept, to look at, in seconds. */
  sentSeconds: 86_400,
  /** Rows deleted at a time. */
  deleteBatch: 1_000,
  /** Time for the statements of one round, in milliseconds. */
  roundTimeoutMs: 5_000,
}

/** @returns for each kind of work one round, which says whether there is more to do at once */
export function createBackground(options: BackgroundOptions) {
  const { database, quiet, reservations, orders, outbox, keys, inventory, payment, metrics, logger } = options
  const limits = backgroundDefaults
  const deadline = () => Deadline.after(limits.roundTimeoutMs)

  return {
    /** Frees the seats of holds whose time is up: the visitor has abandoned them. */
    async expiry(): Promise<boolean> {
      if (!(await reservations.anyDue(quiet, deadline()))) return false
      const limit = deadline()
      const ended = await inSpan('reservations expire', () =>
        database.transaction(async (on) => {
          const expired = await reservations.expire(on, limits.expiryBatch, limit)
          if (expired.length === 0) return 0
          await inventory.free(
            on,
            expired.flatMap(({ seatIds }) => seatIds),
            limit,
          )
          await reservations.deactivateSeats(
            on,
            expired.map(({ id }) => id),
            limit,
          )
          return expired.length
        }, limit),
      )
      metrics.reservations.inc({ outcome: 'expired' }, ended)
      if (ended > 0) logger.info({ reservations: ended }, 'holds expired')
      return ended === limits.expiryBatch
    },

    /** Asks payments again about orders whose request could not wait, or died. */
    async recovery(): Promise<boolean> {
      const due = await orders.claimDue(
        quiet,
        limits.recoveryBatch,
        limits.recoveryMaxDelaySeconds,
        deadline(),
      )
      await Promise.all(
        due.map((order) =>
          inStoredContext(order.traceContext, 'order recover', () =>
            payment.drive(order, Deadline.after(limits.recoveryTimeoutMs)),
          ),
        ),
      )
      return due.length === limits.recoveryBatch
    },

    /** Forgets what nobody asks for any more. */
    async housekeeping(): Promise<boolean> {
      const gone = [
        await keys.deleteOld(quiet, limits.keySeconds, limits.deleteBatch, deadline()),
        await outbox.deleteSent(quiet, limits.sentSeconds, limits.deleteBatch, deadline()),
      ]
      return gone.includes(limits.deleteBatch)
    },

    /** Says how much waits, and how long it has. */
    async observation(): Promise<boolean> {
      const pending = await orders.pending(quiet, deadline())
      metrics.pendingOrders.set(pending.count)
      metrics.oldestPendingOrderSeconds.set(pending.oldestSeconds)
      const backlog = await outbox.backlog(quiet, deadline())
      metrics.outboxBacklog.set(backlog.count)
      metrics.outboxOldestSeconds.set(backlog.oldestSeconds)
      return false
    },
  }
}
