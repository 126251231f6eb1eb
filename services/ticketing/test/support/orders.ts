import { randomUUID } from 'node:crypto'
import { ORDER_CONFIRMED_SUBJECT, type OrderConfirmed, ordersStream } from '@faultline/contracts'
import { ensureStream, type Nats } from '@faultline/service-kit'
import { jetstream } from '@nats-io/jetstream'
import { vi } from 'vitest'

export interface OrderOptions {
  userId?: string
  seats?: number
}

/** A confirmed order, as booking tells of it. */
export function makeEvent({ userId = randomUUID(), seats = 2 }: OrderOptions = {}): OrderConfirmed {
  const now = new Date().toISOString()
  return {
    id: randomUUID(),
    type: 'order.confirmed',
    occurredAt: now,
    order: {
      id: randomUUID(),
      userId,
      concertId: randomUUID(),
      seatIds: Array.from({ length: seats }, () => randomUUID()),
      total: { amount: 12_300, currency: 'EUR' },
      confirmedAt: now,
    },
  }
}

/** Publishes as booking's relay does. @param msgID another one stores the same event again */
export async function publish(nats: Nats, event: unknown, msgID: string = randomUUID()): Promise<void> {
  // What is asked of a broker that has just come back before the connection has is lost.
  await vi.waitFor(() => nats.check(), { timeout: 10_000 })
  const connection = await nats.connection()
  await ensureStream(connection, ordersStream)
  const body = typeof event === 'string' ? event : JSON.stringify(event)
  await jetstream(connection).publish(ORDER_CONFIRMED_SUBJECT, body, { msgID })
}
