import { ordersStream } from '@faultline/contracts'
import { ensureStream, type Nats } from '@faultline/service-kit'
import type { Telemetry } from '@faultline/telemetry'
import { type JetStreamClient, jetstream } from '@nats-io/jetstream'
import { headers } from '@nats-io/transport-node'
import type { OutboxEvent } from '../repositories/outbox.ts'

/** How long a connection and an acknowledgement are awaited, in milliseconds. */
const ACK_TIMEOUT_MS = 2_000

/** Name of the broker in spans: `messaging.system`, and who is behind the proxy. */
const NATS = 'nats'

export type EventPublisher = ReturnType<typeof createEventPublisher>

/** Publishes to JetStream; makes the stream before the first event, and looks for it again after any failure. */
export function createEventPublisher(nats: Nats, { messaging }: Pick<Telemetry, 'messaging'>) {
  let opened: Promise<JetStreamClient> | undefined

  async function open(): Promise<JetStreamClient> {
    const connection = await nats.connection(AbortSignal.timeout(ACK_TIMEOUT_MS))
    // The next event goes over the next connection.
    void connection.closed().then(() => {
      opened = undefined
    })
    await ensureStream(connection, ordersStream)
    return jetstream(connection)
  }

  return {
    /** Whether publishing has a chance now. */
    get available() {
      return nats.connected
    },
    /**
     * Resolves when the broker has stored the event: once, however often it is published within the stream's window.
     * The event continues the trace that it came from.
     */
    async publish({ id, subject, payload, traceContext }: OutboxEvent): Promise<void> {
      const body = JSON.stringify(payload)
      const carried = headers()
      const message = {
        system: NATS,
        destination: subject,
        messageId: id,
        bodyBytes: Buffer.byteLength(body),
        headers: carried,
        origin: { get: (name: string) => traceContext[name] },
        peerService: NATS,
      }
      try {
        opened ??= open()
        const client = await opened
        await messaging.send(message, () =>
          client.publish(subject, body, { msgID: id, headers: carried, timeout: ACK_TIMEOUT_MS }),
        )
      } catch (error) {
        opened = undefined
        throw error
      }
    },
  }
}
