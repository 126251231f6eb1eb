/** The inventory: the catalog's seats (see `docs/architecture/shared-seats.md`). All of it runs in a transaction of the caller. */
import type { Deadline, Queryable } from '@faultline/service-kit'

type SeatStatus = 'available' | 'held' | 'sold'

export async function findConcert(on: Queryable, id: string, deadline: Deadline) {
  const text = 'SELECT status, starts_at AS "startsAt" FROM catalog.concerts WHERE id = $1'
  const [concert] = await on.query<{ status: 'scheduled' | 'postponed' | 'cancelled'; startsAt: Date }>(
    { name: 'find-concert-on-sale', text, values: [id] },
    deadline,
  )
  return concert
}

const LOCK = `
  SELECT id, status, price, currency FROM catalog.seats
  WHERE id = ANY($1::uuid[]) AND ($2::uuid IS NULL OR concert_id = $2)
  ORDER BY id FOR NO KEY UPDATE`

/**
 * Locks those of the seats that the concert has, in the order of their ids, so that two transactions never wait for
 * each other in a circle.
 *
 * @param concertId any when undefined
 */
export function lock(
  on: Queryable,
  seatIds: readonly string[],
  concertId: string | undefined,
  deadline: Deadline,
) {
  return on.query<{ id: string; status: SeatStatus; price: number; currency: string }>(
    { name: 'lock-seats', text: LOCK, values: [seatIds, concertId ?? null] },
    deadline,
  )
}

/** Changes the seats that are `from`. @returns how many were */
export async function change(
  on: Queryable,
  seatIds: readonly string[],
  from: SeatStatus,
  to: SeatStatus,
  deadline: Deadline,
): Promise<number> {
  const text = 'UPDATE catalog.seats SET status = $3 WHERE id = ANY($1::uuid[]) AND status = $2 RETURNING id'
  return (await on.query({ name: 'change-seats', text, values: [seatIds, from, to] }, deadline)).length
}
