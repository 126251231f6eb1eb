import type { ChargeStatus } from '@faultline/contracts'
import type { Deadline, Queryable } from '@faultline/service-kit'

export interface StoredCharge {
  id: string
  orderId: string
  amount: number
  currency: string
  requestHash: Buffer
  status: ChargeStatus
  /** Only while the charge is pending. */
  paymentToken: string | null
  declineReason: string | null
  createdAt: Date
}

export interface NewCharge {
  id: string
  orderId: string
  amount: number
  currency: string
  requestHash: Buffer
  paymentToken: string
}

/** What the provider says of a charge, for good. */
export interface Settlement {
  status: 'succeeded' | 'declined'
  providerChargeId: string
  declineReason: string | null
}

export interface PendingCharges {
  count: number
  /** Age of the oldest, in seconds; 0 when there is none. */
  oldestSeconds: number
}

export type ChargeRepository = ReturnType<typeof createChargeRepository>

export interface Backoff {
  initialMs: number
  maxMs: number
}

const COLUMNS = `id, order_id AS "orderId", amount::float8 AS amount, currency, request_hash AS "requestHash", status,
  payment_token AS "paymentToken", decline_reason AS "declineReason", created_at AS "createdAt"`

export function createChargeRepository(database: Queryable) {
  return {
    /**
     * Enters a charge unless there is one for the order.
     *
     * @param reconcileAfterMs how long reconciliation leaves it to the request
     */
    async insert(charge: NewCharge, reconcileAfterMs: number, deadline: Deadline): Promise<void> {
      const { id, orderId, amount, currency, requestHash, paymentToken } = charge
      await database.query(
        {
          name: 'insert-charge',
          text: `INSERT INTO charges (id, order_id, amount, currency, request_hash, payment_token, reconcile_at)
                 VALUES ($1, $2, $3, $4, $5, $6, now() + $7 * interval '1 ms')
                 ON CONFLICT (order_id) DO NOTHING`,
          values: [id, orderId, amount, currency, requestHash, paymentToken, reconcileAfterMs],
        },
        deadline,
      )
    },

    async findByOrder(orderId: string, deadline: Deadline): Promise<StoredCharge | undefined> {
      const [charge] = await database.query<StoredCharge>(
        {
          name: 'find-charge-by-order',
          text: `SELECT ${COLUMNS} FROM charges WHERE order_id = $1`,
          values: [orderId],
        },
        deadline,
      )
      return charge
    },

    async find(id: string, deadline: Deadline): Promise<StoredCharge | undefined> {
      const [charge] = await database.query<StoredCharge>(
        { name: 'find-charge', text: `SELECT ${COLUMNS} FROM charges WHERE id = $1`, values: [id] },
        deadline,
      )
      return charge
    },

    /** Settles a charge that is pending. @returns whether this is what settled it */
    async settle(id: string, settlement: Settlement, deadline: Deadline): Promise<boolean> {
      const { status, providerChargeId, declineReason } = settlement
      const rows = await database.query(
        {
          name: 'settle-charge',
          text: `UPDATE charges SET status = $2, provider_charge_id = $3, decline_reason = $4, payment_token = NULL,
                   settled_at = now()
                 WHERE id = $1 AND status = 'pending' RETURNING id`,
          values: [id, status, providerChargeId, declineReason],
        },
        deadline,
      )
      return rows.length === 1
    },

    /**
     * Takes pending charges that are due, each for one caller only, and sets when they are due again: twice as late
     * each time, with jitter, so that a provider that comes back is not met by all at once.
     */
    claimDue(limit: number, { initialMs, maxMs }: Backoff, deadline: Deadline): Promise<StoredCharge[]> {
      return database.query<StoredCharge>(
        {
          name: 'claim-due-charges',
          text: `UPDATE charges SET reconcile_attempts = reconcile_attempts + 1,
                   reconcile_at = now() + interval '1 ms' * (0.5 + random() / 2)
                     * least($2 * power(2, least(reconcile_attempts, 20)), $3)
                 WHERE id IN (SELECT id FROM charges WHERE status = 'pending' AND reconcile_at <= now()
                              ORDER BY reconcile_at LIMIT $1 FOR UPDATE SKIP LOCKED)
                 RETURNING ${COLUMNS}`,
          values: [limit, initialMs, maxMs],
        },
        deadline,
      )
    },

    async pending(deadline: Deadline): Promise<PendingCharges> {
      const [row] = await database.query<PendingCharges & { oldestSeconds: number }>(
        {
          name: 'pending-charges',
          text: `SELECT count(*)::int AS count,
                   coalesce(extract(epoch FROM now() - min(created_at)), 0)::float8 AS "oldestSeconds"
                 FROM charges WHERE status = 'pending'`,
          values: [],
        },
        deadline,
      )
      return row ?? { count: 0, oldestSeconds: 0 }
    },
  }
}
