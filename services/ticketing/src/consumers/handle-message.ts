import {
  deadLetterHeaders,
  deadLetterSubject,
  ORDER_CONFIRMED_SUBJECT,
  type OrderConfirmed,
  orderConfirmedSchema,
} from '@faultline/contracts'
import { Deadline, type Logger } from '@faultline/service-kit'
import type { Telemetry } from '@faultline/telemetry'
import type { JetStreamClient, JsMsg } from '@nats-io/jetstream'
import { headers as createHeaders } from '@nats-io/transport-node'
import type { ConsumerMetrics, DeadLetterReason } from './metrics.ts'

/** A message can never be handled, however often it comes. */
export class UnprocessableMessageError extends Error {
  override readonly name = 'UnprocessableMessageError'
}

/** How a consumer's messages are delivered. Times in milliseconds. */
export interface DeliveryPolicy {
  /** The server delivers a message again that was neither acknowledged nor worked on for this long. */
  ackWaitMs: number
  /** Pause before each further try; the last one repeats. A random half of it is left out. */
  backoffMs: readonly number[]
  /** Tries, the first included; then it is a dead letter. */
  maxDeliveries: number
  /** Messages at a time. */
  concurrency: number
  /** Longest handling of one message. */
  timeoutMs: number
}

export interface ConsumerDefinition {
  /** Name of the durable consumer. */
  name: string
  policy: DeliveryPolicy
  /** Does the work, in a way that may be repeated. */
  handle: (event: OrderConfirmed, deadline: Deadline) => Promise<void>
}

export interface HandlingDependencies {
  telemetry: Pick<Telemetry, 'messaging'> & { logger: Logger }
  metrics: ConsumerMetrics
}

/** Handles one message: acknowledged, to be tried again, or a dead letter. Never rejects. */
export async function handleMessage(
  message: JsMsg,
  jetstream: JetStreamClient,
  { name, policy, handle }: ConsumerDefinition,
  { telemetry, metrics }: HandlingDependencies,
): Promise<void> {
  const { logger, messaging } = telemetry
  const { deliveryCount, streamSequence } = message.info
  const group = { messaging_consumer_group_name: name }
  if (deliveryCount > 1) metrics.redeliveries.inc(group)
  // Keeps the server from delivering again what is still under way.
  const heartbeat = setInterval(() => message.working(), policy.ackWaitMs / 3)
  try {
    // More deliveries than tries: the process ended during each of them, so this message may be the cause.
    if (deliveryCount > policy.maxDeliveries) throw new Error('the consumer ended while it was handled')
    const received = {
      system: 'nats',
      destination: ORDER_CONFIRMED_SUBJECT,
      consumerGroup: name,
      headers: message.headers,
      bodyBytes: message.data.length,
      attributes: {
        'messaging.nats.delivery_count': deliveryCount,
        'messaging.nats.stream_sequence': streamSequence,
      },
    }
    await messaging.process(received, async () => {
      const event = parseEvent(message)
      await handle(event, Deadline.after(policy.timeoutMs))
    })
    message.ack()
  } catch (error) {
    const reason = reasonToGiveUp(error, deliveryCount, policy)
    if (reason === undefined) {
      const delayMs = backoff(policy, deliveryCount)
      logger.warn({ err: error, consumer: name, deliveryCount, delayMs }, 'message will be tried again')
      message.nak(delayMs)
      return
    }
    logger.error({ err: error, consumer: name, deliveryCount, reason, streamSequence }, 'message is given up')
    try {
      await publishDeadLetter(jetstream, messaging, { consumer: name, reason, error, message })
      metrics.deadLetters.inc({ ...group, reason })
      message.ack()
    } catch (failure) {
      logger.error({ err: failure, consumer: name }, 'dead letter could not be published')
      message.nak(backoff(policy, deliveryCount))
    }
  } finally {
    clearInterval(heartbeat)
  }
}

/** @throws UnprocessableMessageError */
export function parseEvent(message: Pick<JsMsg, 'string'>): OrderConfirmed {
  let content: unknown
  try {
    content = JSON.parse(message.string())
  } catch (error) {
    throw new UnprocessableMessageError('the message is not JSON', { cause: error })
  }
  const parsed = orderConfirmedSchema.safeParse(content)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new UnprocessableMessageError(
    `the event is not valid at /${issue?.path.join('/')}: ${issue?.message}`,
  )
}

function reasonToGiveUp(
  error: unknown,
  deliveryCount: number,
  { maxDeliveries }: DeliveryPolicy,
): DeadLetterReason | undefined {
  if (error instanceof UnprocessableMessageError) return 'invalid-message'
  return deliveryCount >= maxDeliveries ? 'max-deliveries' : undefined
}

/** Pause before the next try, in milliseconds; jitter spreads what failed together. */
export function backoff({ backoffMs }: Pick<DeliveryPolicy, 'backoffMs'>, deliveryCount: number): number {
  const longest = backoffMs[Math.min(deliveryCount, backoffMs.length) - 1] ?? 0
  return Math.round(longest * (0.5 + Math.random() / 2))
}

/** A header holds one line, and nobody reads more than this of it. */
const MAX_ERROR_LENGTH = 300

export interface DeadLetter {
  consumer: string
  reason: DeadLetterReason
  error: unknown
  message: JsMsg
}

/**
 * Puts a message aside with the reason. Its id is made of its place in the stream, so that a crash between this and
 * the acknowledgement of the message leaves one dead letter.
 *
 * @throws when the broker does not acknowledge; the message then comes again
 */
export async function publishDeadLetter(
  jetstream: JetStreamClient,
  messaging: Telemetry['messaging'],
  { consumer, reason, error, message }: DeadLetter,
): Promise<void> {
  const headers = createHeaders()
  for (const key of message.headers?.keys() ?? []) {
    // What JetStream reads itself belongs to the first publication.
    if (!key.startsWith('Nats-')) headers.set(key, message.headers?.get(key) ?? '')
  }
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  headers.set(deadLetterHeaders.reason, reason)
  headers.set(deadLetterHeaders.error, text.replace(/[^\x20-\x7e]+/g, ' ').slice(0, MAX_ERROR_LENGTH))
  headers.set(deadLetterHeaders.consumer, consumer)
  headers.set(deadLetterHeaders.sequence, String(message.info.streamSequence))
  headers.set(deadLetterHeaders.deliveries, String(message.info.deliveryCount))
  headers.set(deadLetterHeaders.time, new Date().toISOString())
  const subject = deadLetterSubject(consumer)
  const msgID = `${consumer}:${message.info.stream}:${message.info.streamSequence}`
  const sent = {
    system: 'nats',
    destination: subject,
    headers,
    messageId: msgID,
    bodyBytes: message.data.length,
    peerService: 'nats',
    ...(message.headers && { origin: message.headers }),
  }
  await messaging.send(sent, () => jetstream.publish(subject, message.data, { headers, msgID }))
}
