import { ORDERS_STREAM, TICKET_RENDERER } from '@faultline/contracts'
import { connectNats, type Nats } from '@faultline/service-kit'
import { startNats, type TestNats } from '@faultline/test-support/servers'
import { testTelemetry } from '@faultline/test-support/telemetry'
import { type ConsumerInfo, jetstreamManager } from '@nats-io/jetstream'
import { expect, vi } from 'vitest'
import { startTicketingDatabase, type TicketingDatabase } from './database.ts'
import { type RunningTicketing, startTicketing } from './service.ts'

/** How long a test waits for what a consumer does beside it. */
export const WITHIN = { timeout: 20_000, interval: 50 }

/** What ticketing works with: its database, the broker, and booking, which publishes. */
export interface Surroundings extends AsyncDisposable {
  readonly database: TicketingDatabase
  readonly broker: TestNats
  readonly booking: Nats
  /** Ticketing inside of the test's process. */
  start(options?: Parameters<typeof startTicketing>[1]): Promise<RunningTicketing>
  /** Tickets stored for an order. */
  ticketsOf(orderId: string): Promise<number>
  /** The renderer as the broker sees it. */
  renderer(): Promise<ConsumerInfo>
  /** Waits until the renderer has settled everything. */
  settled(): Promise<void>
}

export async function startSurroundings(): Promise<Surroundings> {
  // What fails half-way must not leave a server behind.
  await using started = new AsyncDisposableStack()
  const database = started.use(await startTicketingDatabase())
  const broker = started.use(await startNats())
  const booking = connectNats({ url: broker.url, name: 'booking', ...testTelemetry(), retryMs: 20 })
  started.defer(() => booking.close())
  const kept = started.move()

  async function renderer(): Promise<ConsumerInfo> {
    const manager = await jetstreamManager(await booking.connection())
    return manager.consumers.info(ORDERS_STREAM, TICKET_RENDERER)
  }

  return {
    database,
    broker,
    booking,
    start: (options = {}) => startTicketing({ database: database.serviceUrl, nats: broker.url }, options),
    async ticketsOf(orderId) {
      const [row] = await database.asOwner<{ count: number }>(
        'SELECT count(*)::int FROM ticketing.tickets WHERE order_id = $1',
        [orderId],
      )
      return row?.count ?? 0
    },
    renderer,
    settled: () =>
      vi.waitFor(async () => {
        const { num_pending, num_ack_pending } = await renderer()
        expect([num_pending, num_ack_pending]).toEqual([0, 0])
      }, WITHIN),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
