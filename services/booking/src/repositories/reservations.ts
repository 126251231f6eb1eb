import type { Deadline, Queryable } from '@faultline/service-kit'

export type StoredReservationStatus = 'held' | 'ordered' | 'released' | 'expired' | 'declined'

export interface StoredReservation {
  id: string
  concertId: string
  seatIds: string[]
  status: StoredReservationStatus
  amount: number
  currency: string
  createdAt: Date
  expiresAt: Date
  /** Whether its time is up by the database's clock, the one that all replicas share. */
  due: boolean
}

export interface NewReservation {
  id: string
  userId: string
  concertId: string
  seatIds: readonly string[]
  amount: number
  currency: string
  holdSeconds: number
}

/** A reservation that has ended, with the seats that it gives back. */
export interface EndedReservation {
  id: string
  seatIds: string[]
}

export interface ReservationRepository {
  insert(on: Queryable, reservation: NewReservation, deadline: Deadline): Promise<StoredReservation>
  /** Somebody's reservation; another user's is as if it were not there. */
  find(on: Queryable, userId: string, id: string, deadline: Deadline): Promise<StoredReservation | undefined>
  /** As `find`, and keeps others from changing it until the transaction ends. */
  lock(on: Queryable, userId: string, id: string, deadline: Deadline): Promise<StoredReservation | undefined>
  setStatus(on: Queryable, id: string, status: StoredReservationStatus, deadline: Deadline): Promise<void>
  /** Their seats may be reserved by others again. */
  deactivateSeats(on: Queryable, ids: readonly string[], deadline: Deadline): Promise<void>
  /** Whether there is a hold whose time is up. */
  anyDue(on: Queryable, deadline: Deadline): Promise<boolean>
  /** Ends holds whose time is up, leaving alone those that another transaction is at. */
  expire(on: Queryable, limit: number, deadline: Deadline): Promise<EndedReservation[]>
}

const COLUMNS = `
  r.id, r.concert_id AS "concertId", r.status, r.amount, r.currency, r.created_at AS "createdAt",
  r.expires_at AS "expiresAt", r.expires_at <= now() AS due,
  ARRAY(SELECT s.seat_id FROM reserved_seats s WHERE s.reservation_id = r.id ORDER BY s.seat_id) AS "seatIds"`

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

const FIND = `SELECT ${COLUMNS} FROM reservations r WHERE r.id = $1 AND r.user_id = $2`

const EXPIRE = `
  WITH due AS (
    SELECT id FROM reservations WHERE status = 'held' AND expires_at <= now()
    ORDER BY expires_at LIMIT $1 FOR UPDATE SKIP LOCKED
  )
  UPDATE reservations r SET status = 'expired' FROM due WHERE r.id = due.id
  RETURNING r.id, ARRAY(SELECT s.seat_id FROM reserved_seats s WHERE s.reservation_id = r.id) AS "seatIds"`

export function createReservationRepository(): ReservationRepository {
  return {
    async insert(on, { id, userId, concertId, seatIds, amount, currency, holdSeconds }, deadline) {
      const values = [id, userId, concertId, seatIds, amount, currency, holdSeconds]
      const [stored] = await on.query<StoredReservation>(
        { name: 'insert-reservation', text: INSERT, values },
        deadline,
      )
      if (!stored) throw new Error('an inserted reservation was not returned')
      return stored
    },

    async find(on, userId, id, deadline) {
      const statement = { name: 'find-reservation', text: FIND, values: [id, userId] }
      return (await on.query<StoredReservation>(statement, deadline))[0]
    },

    async lock(on, userId, id, deadline) {
      const statement = { name: 'lock-reservation', text: `${FIND} FOR UPDATE OF r`, values: [id, userId] }
      return (await on.query<StoredReservation>(statement, deadline))[0]
    },

    async setStatus(on, id, status, deadline) {
      await on.query(
        {
          name: 'set-reservation-status',
          text: 'UPDATE reservations SET status = $2 WHERE id = $1',
          values: [id, status],
        },
        deadline,
      )
    },

    async deactivateSeats(on, ids, deadline) {
      await on.query(
        {
          name: 'deactivate-seats',
          text: 'UPDATE reserved_seats SET active = false WHERE reservation_id = ANY($1::uuid[]) AND active',
          values: [ids],
        },
        deadline,
      )
    },

    async anyDue(on, deadline) {
      const rows = await on.query(
        {
          name: 'any-reservation-due',
          text: "SELECT FROM reservations WHERE status = 'held' AND expires_at <= now() LIMIT 1",
          values: [],
        },
        deadline,
      )
      return rows.length > 0
    },

    expire: (on, limit, deadline) =>
      on.query<EndedReservation>({ name: 'expire-reservations', text: EXPIRE, values: [limit] }, deadline),
  }
}
