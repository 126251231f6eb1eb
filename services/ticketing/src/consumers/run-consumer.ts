import { setTimeout as sleep } from 'node:timers/promises'
import {
  deadLettersStream,
  ORDER_CONFIRMED_SUBJECT,
  ORDERS_STREAM,
  ordersStream,
  replaySubject,
  TICKET_RENDERER,
  WEBHOOK_SENDER,
} from '@faultline/contracts'
import { ensureStream, type Nats } from '@faultline/service-kit'
import {
  AckPolicy,
  type ConsumerMessages,
  jetstream as createJetStream,
  DeliverPolicy,
  JetStreamApiError,
  jetstreamManager,
} from '@nats-io/jetstream'
import { type NatsConnection, nanos } from '@nats-io/transport-node'
import type { Tickets } from '../domain/tickets.ts'
import type { Webhooks } from '../domain/webhooks.ts'
import {
  type ConsumerDefinition,
  type DeliveryPolicy,
  type HandlingDependencies,
  handleMessage,
} from './handle-message.ts'

export interface DeliveryPolicies {
  renderer: DeliveryPolicy
  sender: DeliveryPolicy
}

/**
 * A ticket is wanted within seconds, so its tries come soon and end within minutes; a webhook's receiver may be away
 * for a while.
 */
export const deliveryDefaults: DeliveryPolicies = {
  renderer: {
    ackWaitMs: 5_000,
    backoffMs: [500, 1_000, 2_000, 5_000, 10_000, 30_000],
    maxDeliveries: 12,
    concurrency: 4,
    timeoutMs: 10_000,
  },
  sender: {
    ackWaitMs: 5_000,
    backoffMs: [1_000, 5_000, 15_000, 30_000],
    maxDeliveries: 6,
    concurrency: 8,
    timeoutMs: 10_000,
  },
}

export function consumerDefinitions(
  { tickets, webhooks }: { tickets: Tickets; webhooks: Webhooks },
  policies: DeliveryPolicies,
): ConsumerDefinition[] {
  return [
    {
      name: TICKET_RENDERER,
      policy: policies.renderer,
      handle: (event, deadline) => tickets.issue(event, deadline),
    },
    {
      name: WEBHOOK_SENDER,
      policy: policies.sender,
      handle: (event, deadline) => webhooks.notify(event, deadline),
    },
  ]
}

/** Pause before another attempt when the broker refuses, in milliseconds. */
const RETRY_MS = 500

export interface RunningConsumer {
  /** Takes no further message and lets those under way finish. */
  stop(): Promise<void>
}

/** Consumes for ever, from whenever the broker is there, and again after each reconnect. */
export function runConsumer(
  nats: Nats,
  definition: ConsumerDefinition,
  dependencies: HandlingDependencies,
): RunningConsumer {
  const { logger } = dependencies.telemetry
  const stopping = new AbortController()
  const underWay = new Set<Promise<void>>()

  async function consume(): Promise<void> {
    const connection = await nats.connection(stopping.signal)
    const jetstream = createJetStream(connection)
    await ensureConsumer(connection, definition)
    const consumer = await jetstream.consumers.get(ORDERS_STREAM, definition.name)
    // No more than can be worked on: what waits in here is neither worked on nor seen by another replica.
    const messages = await consumer.consume({ max_messages: definition.policy.concurrency })
    using _ends = endWith(messages, stopping.signal)
    for await (const message of messages) {
      const handled = handleMessage(message, jetstream, definition, dependencies)
      const tracked = handled.finally(() => underWay.delete(tracked))
      underWay.add(tracked)
      if (underWay.size >= definition.policy.concurrency) await Promise.race(underWay)
    }
  }

  async function run(): Promise<void> {
    let warned = false
    while (!stopping.signal.aborted && !nats.closing.aborted) {
      try {
        await consume()
        warned = false
      } catch (error) {
        if (!warned && nats.connected)
          logger.warn({ err: error, consumer: definition.name }, 'cannot consume')
        warned = nats.connected
      }
      await sleep(RETRY_MS, undefined, { signal: stopping.signal, ref: false }).catch(() => undefined)
    }
  }

  const running = run()
  return {
    async stop() {
      stopping.abort()
      await running
      await Promise.all(underWay)
    },
  }
}

/** Makes the stream and the durable consumer, or brings them to their definition. */
async function ensureConsumer(
  connection: NatsConnection,
  { name, policy }: ConsumerDefinition,
): Promise<void> {
  await ensureStream(connection, ordersStream)
  await ensureStream(connection, deadLettersStream)
  const { consumers } = await jetstreamManager(connection, { checkAPI: false })
  const config = {
    ack_wait: nanos(policy.ackWaitMs),
    filter_subjects: [ORDER_CONFIRMED_SUBJECT, replaySubject(name)],
    // Counted here: the server would stop to deliver without a word, and nobody would make a dead letter of it.
    max_deliver: -1,
    // Those that wait for another try count as well, and must not hold up the others.
    max_ack_pending: 1_000,
  }
  try {
    await consumers.add(ORDERS_STREAM, {
      durable_name: name,
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ...config,
    })
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== CONSUMER_EXISTS) throw error
    await consumers.update(ORDERS_STREAM, name, config)
  }
}

/** Made with another configuration before, as by an earlier version of the service. */
const CONSUMER_EXISTS = 10_148

/** Ends the iteration at a stop; with its connection it ends by itself. */
function endWith(messages: ConsumerMessages, signal: AbortSignal): Disposable {
  const end = (): void => messages.stop()
  signal.addEventListener('abort', end, { once: true })
  if (signal.aborted) end()
  return {
    [Symbol.dispose]() {
      signal.removeEventListener('abort', end)
      messages.stop()
    },
  }
}
