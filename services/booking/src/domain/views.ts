import type { Order, Reservation } from '@faultline/contracts'
import type { StoredOrder } from '../repositories/orders.ts'
import type { StoredReservation } from '../repositories/reservations.ts'

/** A hold whose time is up has expired, whether or not the worker has come by. */
export function toReservation(row: StoredReservation): Reservation {
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

export function toOrder(row: StoredOrder): Order {
  return {
    id: row.id,
    reservationId: row.reservationId,
    concertId: row.concertId,
    seatIds: row.seatIds,
    status: row.status,
    total: { amount: row.amount, currency: row.currency },
    createdAt: row.createdAt.toISOString(),
    confirmedAt: row.confirmedAt?.toISOString() ?? null,
  }
}
