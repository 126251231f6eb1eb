import { ORDERS_STREAM, type OrderConfirmed, orderConfirmedSchema } from '@faultline/contracts'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'

/** Every event that the broker has stored, in its order. */
export async function storedEvents(natsUrl: string): Promise<OrderConfirmed[]> {
  const connection = await connect({ servers: natsUrl })
  try {
    const { streams } = await jetstreamManager(connection)
    const { state } = await streams.info(ORDERS_STREAM)
    const events: OrderConfirmed[] = []
    for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
      const message = await streams.getMessage(ORDERS_STREAM, { seq })
      if (message) events.push(orderConfirmedSchema.parse(message.json()))
    }
    return events
  } finally {
    await connection.close()
  }
}

/** Events of an order that the broker has stored. */
export async function eventsOf(natsUrl: string, orderId: string): Promise<OrderConfirmed[]> {
  return (await storedEvents(natsUrl)).filter(({ order }) => order.id === orderId)
}
