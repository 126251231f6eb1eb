import { deadLetterHeaders, deadLetterSubject } from '@faultline/contracts'
import type { Telemetry } from '@faultline/telemetry'
import type { JetStreamClient, JsMsg } from '@nats-io/jetstream'
import { headers as createHeaders } from '@nats-io/transport-node'
import type { DeadLetterReason } from './metrics.ts'

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
