import { randomUUID } from 'node:crypto'
import { type Reservation, type ReservationRequest, reservationSchema } from '@faultline/contracts'
import type { Database, Deadline, Queryable } from '@faultline/service-kit'
import type { ReservationRepository } from '../repositories/reservations.ts'
import { notFound, RejectionError } from './errors.ts'
import { type Idempotency, idempotentRequest } from './idempotency.ts'
import { asRejection, type Inventory } from './inventory.ts'
import type { BookingMetrics } from './metrics.ts'
import { sagaStep } from './saga.ts'
import { toReservation } from './views.ts'

export interface Reservations {
  /**
   * Holds all of the seats or none.
   *
   * @param key repeats with the same key and request get the same answer
   * @throws RejectionError when the seats cannot be had
   */
  create(userId: string, request: ReservationRequest, key: string, deadline: Deadline): Promise<Reservation>
  /** @throws RejectionError when the user has none with this id */
  get(userId: string, id: string, deadline: Deadline): Promise<Reservation>
  /**
   * Gives the seats back; does nothing when they have been given back before.
   *
   * @throws RejectionError when the user has none with this id, or there is an order for it
   */
  release(userId: string, id: string, deadline: Deadline): Promise<void>
}

export interface ReservationsOptions {
  database: Database
  repository: ReservationRepository
  inventory: Inventory
  idempotency: Idempotency
  metrics: Pick<BookingMetrics, 'reservations'>
  /** How long seats are held for a visitor who does not pay, in seconds. */
  holdSeconds: number
}

export const CREATE_RESERVATION = 'POST /reservations'

export function createReservations(options: ReservationsOptions): Reservations {
  const { database, repository, inventory, idempotency, metrics, holdSeconds } = options

  async function hold(
    on: Queryable,
    userId: string,
    { concertId, seatIds }: ReservationRequest,
    deadline: Deadline,
  ): Promise<Reservation> {
    const { amount, currency } = await inventory.hold(on, concertId, seatIds, deadline)
    try {
      const reservation = { id: randomUUID(), userId, concertId, seatIds, amount, currency, holdSeconds }
      return toReservation(await repository.insert(on, reservation, deadline))
    } catch (error) {
      throw asRejection(error)
    }
  }

  return {
    async create(userId, request, key, deadline) {
      const wanted = normalized(request)
      try {
        const { value, replayed } = await idempotency.once(
          idempotentRequest(userId, key, CREATE_RESERVATION, wanted),
          reservationSchema,
          (on) => hold(on, userId, wanted, deadline),
          deadline,
        )
        if (!replayed) metrics.reservations.inc({ outcome: 'held' })
        return value
      } catch (error) {
        if (error instanceof RejectionError) metrics.reservations.inc({ outcome: 'refused' })
        throw error
      }
    },

    async get(userId, id, deadline) {
      const found = await repository.find(database, userId, id, deadline)
      if (!found) throw notFound('reservation', id)
      return toReservation(found)
    },

    async release(userId, id, deadline) {
      const released = await database.transaction(async (on) => {
        const found = await repository.lock(on, userId, id, deadline)
        if (!found) throw notFound('reservation', id)
        if (found.status === 'ordered' || found.status === 'declined') {
          throw new RejectionError('reservation-not-held', 'there is an order for this reservation')
        }
        const step = sagaStep(found.status, 'released')
        if (!step?.effects.includes('free-seats')) return false
        await inventory.free(on, found.seatIds, deadline)
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
