import type { Deadline, Queryable } from '@faultline/service-kit'

export type SeatStatus = 'available' | 'held' | 'sold'

export interface StoredSeat {
  id: string
  status: SeatStatus
  price: number
  currency: string
}

export interface StoredConcert {
  status: 'scheduled' | 'postponed' | 'cancelled'
  startsAt: Date
}

/** The inventory: the catalog's seats. All of it runs in a transaction of the caller. */
export interface SeatRepository {
  findConcert(on: Queryable, id: string, deadline: Deadline): Promise<StoredConcert | undefined>
  /**
   * Locks those of the seats that the concert has, in the order of their ids, so that two transactions never wait for
   * each other in a circle.
   */
  lock(
    on: Queryable,
    seatIds: readonly string[],
    deadline: Deadline,
    concertId?: string,
  ): Promise<StoredSeat[]>
  /** Changes the seats that are `from`. @returns how many were */
  change(
    on: Queryable,
    seatIds: readonly string[],
    from: SeatStatus,
    to: SeatStatus,
    deadline: Deadline,
  ): Promise<number>
}

const LOCK = `
  SELECT id, status, price, currency FROM catalog.seats
  WHERE id = ANY($1::uuid[]) AND ($2::uuid IS NULL OR concert_id = $2)
  ORDER BY id FOR NO KEY UPDATE`

export function createSeatRepository(): SeatRepository {
  return {
    async findConcert(on, id, deadline) {
      const [concert] = await on.query<StoredConcert>(
        {
          name: 'find-concert-on-sale',
          text: 'SELECT status, starts_at AS "startsAt" FROM catalog.concerts WHERE id = $1',
          values: [id],
        },
        deadline,
      )
      return concert
    },

    lock: (on, seatIds, deadline, concertId) =>
      on.query<StoredSeat>(
        { name: 'lock-seats', text: LOCK, values: [seatIds, concertId ?? null] },
        deadline,
      ),

    async change(on, seatIds, from, to, deadline) {
      const rows = await on.query(
        {
          name: 'change-seats',
          text: 'UPDATE catalog.seats SET status = $3 WHERE id = ANY($1::uuid[]) AND status = $2 RETURNING id',
          values: [seatIds, from, to],
        },
        deadline,
      )
      return rows.length
    },
  }
}
