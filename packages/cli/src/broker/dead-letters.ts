import {
  DEAD_LETTERS_STREAM,
  deadLetterHeaders,
  deadLetterSubject,
  replaySubject,
  TICKET_RENDERER,
  WEBHOOK_SENDER,
} from '@faultline/contracts'
import { ExitCode, StackError } from '@faultline/runtime'
import {
  JetStreamApiCodes,
  JetStreamApiError,
  jetstream,
  jetstreamManager,
  type StoredMsg,
} from '@nats-io/jetstream'
import { headers as createHeaders, type NatsConnection } from '@nats-io/transport-node'

export const CONSUMERS = [TICKET_RENDERER, WEBHOOK_SENDER] as const

/** A message that a consumer gave up. */
export interface DeadLetter {
  /** Place in the stream of dead letters. */
  readonly sequence: number
  readonly consumer: string
  readonly reason: string
  readonly error: string
  readonly deliveries: number
  /** RFC 3339. */
  readonly time: string
}

export interface DeadLetterFilter {
  readonly consumer?: string
  /** The oldest so many. */
  readonly limit: number
}

/** @throws StackError (wrong use) for an unknown consumer */
export async function listDeadLetters(
  connection: NatsConnection,
  filter: DeadLetterFilter,
): Promise<DeadLetter[]> {
  const letters: DeadLetter[] = []
  for await (const message of stored(connection, filter)) letters.push(describe(message))
  return letters
}

/**
 * Gives messages to the consumer that gave them up once more, oldest first, and takes each off the stream when the
 * broker has it. Those that fail again come back.
 *
 * @throws StackError (wrong use) for an unknown consumer
 */
export async function replayDeadLetters(
  connection: NatsConnection,
  filter: DeadLetterFilter,
): Promise<DeadLetter[]> {
  const { streams } = await jetstreamManager(connection)
  const broker = jetstream(connection)
  const replayed: DeadLetter[] = []
  for await (const message of stored(connection, filter)) {
    const letter = describe(message)
    const headers = createHeaders()
    for (const key of message.header.keys()) {
      if (!/^(Nats|Dead-Letter)-/.test(key)) headers.set(key, message.header.get(key))
    }
    // The same for a replay that was cut off and is repeated, another one for the next time that it is given up.
    const msgID = `replay:${message.seq}:${message.time.toISOString()}`
    await broker.publish(replaySubject(letter.consumer), message.data, { headers, msgID })
    await streams.deleteMessage(DEAD_LETTERS_STREAM, message.seq, false)
    replayed.push(letter)
  }
  return replayed
}

async function* stored(
  connection: NatsConnection,
  { consumer, limit }: DeadLetterFilter,
): AsyncGenerator<StoredMsg> {
  if (consumer !== undefined && !CONSUMERS.some((name) => name === consumer)) {
    throw new StackError(
      `there is no consumer "${consumer}"; there are ${CONSUMERS.join(', ')}`,
      ExitCode.wrongUse,
    )
  }
  const { direct, streams } = await jetstreamManager(connection)
  try {
    await streams.info(DEAD_LETTERS_STREAM)
  } catch (error) {
    // Made by the first consumer that starts.
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound) return
    throw error
  }
  let seq = 1
  for (let count = 0; count < limit; count += 1) {
    const message = await direct.getMessage(DEAD_LETTERS_STREAM, {
      seq,
      next_by_subj: deadLetterSubject(consumer ?? '*'),
    })
    if (!message) return
    yield message
    seq = message.seq + 1
  }
}

function describe({ seq, subject, header, time }: StoredMsg): DeadLetter {
  return {
    sequence: seq,
    consumer: subject.slice(deadLetterSubject('').length),
    reason: header.get(deadLetterHeaders.reason),
    error: header.get(deadLetterHeaders.error),
    deliveries: Number(header.get(deadLetterHeaders.deliveries)),
    time: header.get(deadLetterHeaders.time) || time.toISOString(),
  }
}
