/** Seats as booking moves them; every movement is in the caller's transaction and takes all seats or none. */
import { type Deadline, DependencyError, type Queryable } from '@faultline/service-kit'
import pg from 'pg'
import * as seats from '../repositories/seats.ts'
import { notFound, RejectionError } from './rejections.ts'

/** @throws RejectionError when a seat does not exist or is not free, or the concert is not on sale */
export async function holdSeats(
  on: Queryable,
  concertId: string,
  seatIds: readonly string[],
  deadline: Deadline,
): Promise<{ amount: number; currency: string }> {
  const concert = await seats.findConcert(on, concertId, deadline)
  if (!concert) throw notFound('concert', concertId)
  if (concert.status !== 'scheduled' || concert.startsAt.getTime() <= Date.now()) {
    throw new RejectionError(
      'concert-not-on-sale',
      concert.status === 'scheduled' ? 'the concert has begun' : `the concert is ${concert.status}`,
    )
  }
  const locked = await seats.lock(on, seatIds, concertId, deadline)
  const known = new Set(locked.map(({ id }) => id))
  const unknown = seatIds.find((id) => !known.has(id))
  if (unknown !== undefined) throw notFound('seat of this concert', unknown)
  if ((await seats.change(on, seatIds, 'available', 'held', deadline)) !== seatIds.length) throw taken()
  const currency = locked[0]?.currency ?? ''
  if (locked.some((seat) => seat.currency !== currency)) {
    throw new Error(`seats of concert ${concertId} have prices in several currencies`)
  }
  return { amount: locked.reduce((sum, { price }) => sum + price, 0), currency }
}

/** @throws Error when not all of the seats were held: then nothing may be committed */
export async function moveHeldSeats(
  on: Queryable,
  seatIds: readonly string[],
  to: 'sold' | 'available',
  deadline: Deadline,
): Promise<void> {
  await seats.lock(on, seatIds, undefined, deadline)
  const moved = await seats.change(on, seatIds, 'held', to, deadline)
  if (moved !== seatIds.length) {
    throw new Error(`${seatIds.length - moved} of ${seatIds.length} seats to become ${to} were not held`)
  }
}

function taken(): RejectionError {
  return new RejectionError(
    'seat-not-available',
    'not all of these seats are free any more; look at the seats again and choose others',
  )
}

const UNIQUE_VIOLATION = '23505'
const ONE_HOLDER = 'reserved_seats_once_idx'

/** The database itself refuses a second holder of a seat, whatever the seat's status says. */
export function asRejection(error: unknown): unknown {
  const cause = error instanceof DependencyError ? error.cause : undefined
  const refused =
    cause instanceof pg.DatabaseError && cause.code === UNIQUE_VIOLATION && cause.constraint === ONE_HOLDER
  return refused ? taken() : error
}
