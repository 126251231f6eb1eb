import type { Deadline, Queryable } from '@faultline/service-kit'

/** Headers of W3C trace context and baggage. */
export type TraceContext = Record<string, string>

export interface StoredOrder {
  id: string
  userId: string
  reservationId: string
  concertId: string
  seatIds: string[]
  status: 'pending' | 'confirmed' | 'declined'
  amount: number
  currency: string
  /** Null once it is not needed any more. */
  paymentToken: string | null
  declineReason: string | null
  createdAt: Date
  confirmedAt: Date | null
  attempts: number
  traceContext: TraceContext
}

/** Place in a user's list: the newest first. */
export type OrderPosition = readonly [createdAt: string, id: string]

const COLUMNS = `
  o.id, o.user_id AS "userId", o.reservation_id AS "reservationId", r.concert_id AS "concertId",
  ARRAY(SELECT s.seat_id FROM reserved_seats s WHERE s.reservation_id = r.id ORDER BY s.seat_id) AS "seatIds",
  o.status, r.amount, r.currency, o.payment_token AS "paymentToken", o.decline_reason AS "declineReason",
  o.created_at AS "createdAt", o.confirmed_at AS "confirmedAt", o.attempts, o.trace_context AS "traceContext"`

const FROM = 'FROM orders o JOIN reservations r ON r.id = o.reservation_id'

const INSERT = `
  INSERT INTO orders (id, user_id, reservation_id, payment_token, trace_context, next_attempt_at)
  VALUES ($1, $2, $3, $4, $5, now() + make_interval(secs => $6))`

/** @param firstAttemptSeconds how long the request that makes the order sees to the payment itself */
export async function insert(
  on: Queryable,
  order: Pick<StoredOrder, 'id' | 'userId' | 'reservationId' | 'paymentToken' | 'traceContext'>,
  firstAttemptSeconds: number,
  deadline: Deadline,
): Promise<void> {
  const { id, userId, reservationId, paymentToken, traceContext } = order
  const values = [id, userId, reservationId, paymentToken, traceContext, firstAttemptSeconds]
  await on.query({ name: 'insert-order', text: INSERT, values }, deadline)
}

/** A user's order; another user's is as if it were not there. */
export async function find(
  on: Queryable,
  userId: string,
  id: string,
  deadline: Deadline,
): Promise<StoredOrder | undefined> {
  const text = `SELECT ${COLUMNS} ${FROM} WHERE o.id = $1 AND o.user_id = $2`
  return (await on.query<StoredOrder>({ name: 'find-order', text, values: [id, userId] }, deadline))[0]
}

/** Any order, kept from being changed by others until the transaction ends. */
export async function lock(on: Queryable, id: string, deadline: Deadline): Promise<StoredOrder | undefined> {
  const text = `SELECT ${COLUMNS} ${FROM} WHERE o.id = $1 FOR UPDATE OF o`
  return (await on.query<StoredOrder>({ name: 'lock-order', text, values: [id] }, deadline))[0]
}

export function list(
  on: Queryable,
  userId: string,
  { after, limit }: { after: OrderPosition | undefined; limit: number },
  deadline: Deadline,
): Promise<StoredOrder[]> {
  const select = `SELECT ${COLUMNS} ${FROM} WHERE o.user_id = $1`
  const order = 'ORDER BY o.created_at DESC, o.id DESC LIMIT $2'
  const statement = after
    ? {
        name: 'list-orders-after',
        text: `${select} AND (o.created_at, o.id) < ($3, $4) ${order}`,
        values: [userId, limit, ...after],
      }
    : { name: 'list-orders', text: `${select} ${order}`, values: [userId, limit] }
  return on.query<StoredOrder>(statement, deadline)
}

/** @returns when */
export async function confirm(on: Queryable, id: string, deadline: Deadline): Promise<Date> {
  const text = `UPDATE orders SET status = 'confirmed', confirmed_at = now(), payment_token = NULL
                WHERE id = $1 AND status = 'pending' RETURNING confirmed_at AS "confirmedAt"`
  const [row] = await on.query<{ confirmedAt: Date }>({ name: 'confirm-order', text, values: [id] }, deadline)
  if (!row) throw new Error('an order that is not pending cannot be confirmed')
  return row.confirmedAt
}

export async function decline(on: Queryable, id: string, reason: string, deadline: Deadline): Promise<void> {
  const text = `UPDATE orders SET status = 'declined', decline_reason = $2, payment_token = NULL
                WHERE id = $1 AND status = 'pending' RETURNING id`
  const rows = await on.query({ name: 'decline-order', text, values: [id, reason] }, deadline)
  if (rows.length !== 1) throw new Error('an order that is not pending cannot be declined')
}

const CLAIM = `
  WITH due AS (
    SELECT id FROM orders WHERE status = 'pending' AND next_attempt_at <= now()
    ORDER BY next_attempt_at LIMIT $1 FOR UPDATE SKIP LOCKED
  ), claimed AS (
    UPDATE orders o
    SET attempts = o.attempts + 1,
        next_attempt_at = now() + make_interval(secs => least($2, 2 ^ least(o.attempts, 20)) * (0.75 + random() / 2))
    FROM due WHERE o.id = due.id
    RETURNING o.*
  )
  SELECT ${COLUMNS} FROM claimed o JOIN reservations r ON r.id = o.reservation_id`

/**
 * Pending orders whose time to ask again has come, each to one caller only: the next attempt is put off, by a
 * second at first and twice as long each time, up to `maxDelaySeconds`.
 */
export function claimDue(
  on: Queryable,
  limit: number,
  maxDelaySeconds: number,
  deadline: Deadline,
): Promise<StoredOrder[]> {
  const values = [limit, maxDelaySeconds]
  return on.query<StoredOrder>({ name: 'claim-due-orders', text: CLAIM, values }, deadline)
}

/** How many orders are pending, and the age of the oldest in seconds; 0 when there is none. */
export async function pending(on: Queryable, deadline: Deadline) {
  const text = `SELECT count(*)::int AS count,
                       coalesce(extract(epoch FROM now() - min(created_at)), 0)::float AS "oldestSeconds"
                FROM orders WHERE status = 'pending'`
  const [row] = await on.query<{ count: number; oldestSeconds: number }>(
    { name: 'pending-orders', text, values: [] },
    deadline,
  )
  return row ?? { count: 0, oldestSeconds: 0 }
}
