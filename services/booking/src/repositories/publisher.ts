import { ordersStream } from '@faultline/contracts'
import { ensureStream, type Nats } from '@faultline/service-kit'
import type { Telemetry } from '@faultline/telemetry'
import { type JetStreamClient, jetstream } from '@nats-io/jetstream'
import { headers } from '@nats-io/transport-node'
import type { OutboxEvent } from './outbox.ts'

export interface EventPublisher {
  /** Whether publishing has a chance now. */
  readonly available: boolean
  /**
   * Resolves when the broker has stored the event: once, however often it is published within the stream's window.
   * The event goes on in the trace that it came from.
   */
  publish(event: OutboxEvent): Promise<void>
}

export interface EventPublisherOptions {
  nats: Nats
  telemetry: Pick<Telemetry, 'messaging'>
  /** How long a connection and an acknowledgement are awaited, in milliseconds. */
  ackTimeoutMs?: number
}

export const eventPublisherDefaults = { ackTimeoutMs: 2_000 } satisfies Partial<EventPublisherOptions>

/** Name of the broker in spans: `messaging.system`, and who is behind the proxy. */
const NATS = 'nats'

/** Publishes to JetStream; makes the stream before the first event, and looks for it again after any failure. */
export function createEventPublisher(options: EventPublisherOptions): EventPublisher {
  const { nats, telemetry, ackTimeoutMs } = { ...eventPublisherDefaults, ...options }
  let opened: Promise<JetStreamClient> | undefined

  async function open(): Promise<JetStreamClient> {
    const connection = await nats.connection(AbortSignal.timeout(ackTimeoutMs))
    // The next event goes over the next connection.
    void connection.closed().then(() => {
      opened = undefined
    })
    await ensureStream(connection, ordersStream)
    return jetstream(connection)
  }

  return {
    get available() {
      return nats.connected
    },
    async publish({ id, subject, payload, traceContext }) {
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
        await telemetry.messaging.send(message, () =>
          client.publish(subject, body, { msgID: id, headers: carried, timeout: ackTimeoutMs }),
        )
      } catch (error) {
        opened = undefined
        throw error
      }
    },
  }
}
