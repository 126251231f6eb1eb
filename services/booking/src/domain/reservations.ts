import { randomUUID } from 'node:crypto'
import { type Reservation, type ReservationRequest, reservationSchema } from '@faultline/contracts'
import type { Database, Deadline, Queryable } from '@faultline/service-kit'
import * as repository from '../repositories/reservations.ts'
import type { Idempotency } from './idempotency.ts'
import { asRejection, holdSeats, moveHeldSeats } from './inventory.ts'
import type { BookingMetrics } from './metrics.ts'
import { notFound, RejectionError } from './rejections.ts'
import { sagaStep } from './saga.ts'

export interface ReservationsOptions {
  database: Database
  idempotency: Idempotency
  metrics: BookingMetrics
  /** How long seats are held for a visitor who does not pay, in seconds. */
  holdSeconds: number
}

export type Reservations = ReturnType<typeof createReservations>

export function createReservations({ database, idempotency, metrics, holdSeconds }: ReservationsOptions) {
  async function hold(on: Queryable, userId: string, request: ReservationRequest, deadline: Deadline) {
    const { concertId, seatIds } = request
    const { amount, currency } = await holdSeats(on, concertId, seatIds, deadline)
    try {
      const reservation = { id: randomUUID(), userId, concertId, seatIds, amount, currency, holdSeconds }
      return toReservation(await repository.insert(on, reservation, deadline))
    } catch (error) {
      throw asRejection(error)
    }
  }

  return {
    /**
     * Holds all of the seats or none.
     *
     * @param key repeats with the same key and request get the same answer
     * @throws RejectionError when a seat is not available
     */
    async create(
      userId: string,
      request: ReservationRequest,
      key: string,
      deadline: Deadline,
    ): Promise<Reservation> {
      const body = normalized(request)
      try {
        const { value, replayed } = await idempotency.once(
          { userId, key, route: 'POST /reservations', body },
          reservationSchema,
          (on) => hold(on, userId, body, deadline),
          deadline,
        )
        if (!replayed) metrics.reservations.inc({ outcome: 'held' })
        return value
      } catch (error) {
        if (error instanceof RejectionError) metrics.reservations.inc({ outcome: 'refused' })
        throw error
      }
    },

    /** @throws RejectionError when the user has none with this id */
    async get(userId: string, id: string, deadline: Deadline): Promise<Reservation> {
      const found = await repository.find(database, userId, id, deadline)
      if (!found) throw notFound('reservation', id)
      return toReservation(found)
    },

    /**
     * Gives the seats back; does nothing when they have been given back before.
     *
     * @throws RejectionError when the user has none with this id, or there is an order for it
     */
    async release(userId: string, id: string, deadline: Deadline): Promise<void> {
      const released = await database.transaction(async (on) => {
        const found = await repository.lock(on, userId, id, deadline)
        if (!found) throw notFound('reservation', id)
        if (found.status === 'ordered' || found.status === 'declined') {
          throw new RejectionError('reservation-not-held', 'there is an order for this reservation')
        }
        const step = sagaStep(found.status, 'released')
        if (!step?.effects.includes('free-seats')) return false
        await moveHeldSeats(on, found.seatIds, 'available', deadline)
        await repository.deactivateSeats(on, [id], deadline)
        await repository.setStatus(on, id, 'released', deadline)
        return true
      }, deadline)
      if (released) metrics.reservations.inc({ outcome: 'released' })
    },
  }
}

/** The same wish in one spelling: a repeat may name the seats in another order. */
function normalized({ concertId, seatIds }: ReservationRequest): ReservationRequest {
  return { concertId: concertId.toLowerCase(), seatIds: seatIds.map((id) => id.toLowerCase()).sort() }
}

/** A hold whose time is up has expired, whether or not the worker has seen it. */
function toReservation(row: repository.StoredReservation): Reservation {
  return {
    id: row.id,
    concertId: row.concertId,
    seatIds: row.seatIds,
    status: row.status === 'held' && row.due ? 'expired' : row.status,
    total: { amount: row.amount, currency: row.currency },
    createdAt: row.createdAt.toISOString(),
    expiresAt: row.expiresAt.toISOString(),
  }
}
