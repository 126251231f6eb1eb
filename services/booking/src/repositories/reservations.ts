import type { Deadline, Queryable } from '@faultline/service-kit'

export interface StoredReservation {
  id: string
  concertId: string
  seatIds: string[]
  status: 'held' | 'ordered' | 'released' | 'expired' | 'declined'
  amount: number
  currency: string
  createdAt: Date
  expiresAt: Date
  /** Whether its time is up by the database's clock, the one that all replicas share. */
  due: boolean
}

export interface NewReservation extends Pick<StoredReservation, 'id' | 'concertId' | 'amount' | 'currency'> {
  userId: string
  seatIds: readonly string[]
  holdSeconds: number
}

const INSERT = `
  WITH r AS (
    INSERT INTO reservations (id, user_id, concert_id, amount, currency, expires_at)
    VALUES ($1, $2, $3, $5, $6, now() + make_interval(secs => $7))
    RETURNING *
  ), seats AS (
    INSERT INTO reserved_seats (reservation_id, seat_id) SELECT r.id, unnest($4::uuid[]) FROM r
  )
  SELECT r.id, r.concert_id AS "concertId", r.status, r.amount, r.currency, r.created_at AS "createdAt",
         r.expires_at AS "expiresAt", false AS due, $4::uuid[] AS "seatIds"
  FROM r`

export async function insert(
  on: Queryable,
  { id, userId, concertId, seatIds, amount, currency, holdSeconds }: NewReservation,
  deadline: Deadline,
): Promise<StoredReservation> {
  const values = [id, userId, concertId, seatIds, amount, currency, holdSeconds]
  const [stored] = await on.query<StoredReservation>(
    { name: 'insert-reservation', text: INSERT, values },
    deadline,
  )
  if (!stored) throw new Error('an inserted reservation was not returned')
  return stored
}

const FIND = `
  SELECT r.id, r.concert_id AS "concertId", r.status, r.amount, r.currency, r.created_at AS "createdAt",
         r.expires_at AS "expiresAt", r.expires_at <= now() AS due,
         ARRAY(SELECT s.seat_id FROM reserved_seats s WHERE s.reservation_id = r.id ORDER BY s.seat_id) AS "seatIds"
  FROM reservations r WHERE r.id = $1 AND r.user_id = $2`

/** Somebody's reservation; another user's is as if it were not there. */
export async function find(
  on: Queryable,
  userId: string,
  id: string,
  deadline: Deadline,
): Promise<StoredReservation | undefined> {
  const statement = { name: 'find-reservation', text: FIND, values: [id, userId] }
  return (await on.query<StoredReservation>(statement, deadline))[0]
}

/** As `find`, and keeps others from changing it until the transaction ends. */
export async function lock(
  on: Queryable,
  userId: string,
  id: string,
  deadline: Deadline,
): Promise<StoredReservation | undefined> {
  const statement = { name: 'lock-reservation', text: `${FIND} FOR UPDATE OF r`, values: [id, userId] }
  return (await on.query<StoredReservation>(statement, deadline))[0]
}

export async function setStatus(
  on: Queryable,
  id: string,
  status: StoredReservation['status'],
  deadline: Deadline,
): Promise<void> {
  const text = 'UPDATE reservations SET status = $2 WHERE id = $1'
  await on.query({ name: 'set-reservation-status', text, values: [id, status] }, deadline)
}

/** The seats of these reservations may be reserved by others again. */
export async function deactivateSeats(
  on: Queryable,
  ids: readonly string[],
  deadline: Deadline,
): Promise<void> {
  const text = 'UPDATE reserved_seats SET active = false WHERE reservation_id = ANY($1::uuid[]) AND active'
  await on.query({ name: 'deactivate-seats', text, values: [ids] }, deadline)
}

/** Whether there is a hold whose time is up. */
export async function anyDue(on: Queryable, deadline: Deadline): Promise<boolean> {
  const text = "SELECT FROM reservations WHERE status = 'held' AND expires_at <= now() LIMIT 1"
  return (await on.query({ name: 'any-reservation-due', text, values: [] }, deadline)).length > 0
}

const EXPIRE = `
  WITH due AS (
    SELECT id FROM reservations WHERE status = 'held' AND expires_at <= now()
    ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED
  )
  UPDATE reservations r SET status = 'expired' FROM due WHERE r.id = due.id
  RETURNING r.id, ARRAY(SELECT s.seat_id FROM reserved_seats s WHERE s.reservation_id = r.id) AS "seatIds"`

/** Ends holds whose time is up, leaving alone those that another transaction is working on. */
export function expire(on: Queryable, limit: number, deadline: Deadline) {
  const statement = { name: 'expire-reservations', text: EXPIRE, values: [limit] }
  return on.query<Pick<StoredReservation, 'id' | 'seatIds'>>(statement, deadline)
}
