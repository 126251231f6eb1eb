import { randomUUID } from 'node:crypto'
import { ORDER_CONFIRMED_SUBJECT, type OrderConfirmed, ordersStream } from '@faultline/contracts'
import { ensureStream, type Nats } from '@faultline/service-kit'
import { jetstream } from '@nats-io/jetstream'
import { headers as createHeaders } from '@nats-io/transport-node'

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

/** Publishes as booking's relay does, each time as another message. */
export async function publish(
  nats: Nats,
  event: unknown,
  context: Readonly<Record<string, string>> = {},
): Promise<void> {
  const connection = await nats.connection()
  await ensureStream(connection, ordersStream)
  const body = typeof event === 'string' ? event : JSON.stringify(event)
  const headers = createHeaders()
  for (const [key, value] of Object.entries(context)) headers.set(key, value)
  await jetstream(connection).publish(ORDER_CONFIRMED_SUBJECT, body, { msgID: randomUUID(), headers })
}
