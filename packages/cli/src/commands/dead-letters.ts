import {
  DEAD_LETTERS_STREAM,
  deadLetterHeaders,
  deadLetterSubject,
  replaySubject,
  TICKET_RENDERER,
  WEBHOOK_SENDER,
} from '@faultline/contracts'
import { wrongUse } from '@faultline/runtime'
import {
  JetStreamApiCodes,
  JetStreamApiError,
  jetstream,
  jetstreamManager,
  type StoredMsg,
} from '@nats-io/jetstream'
import { headers as createHeaders, type NatsConnection } from '@nats-io/transport-node'
import { Command, InvalidArgumentError } from 'commander'
import { columns } from '../format.ts'
import { COMPOSE_OPTION, connectBroker, type WhichKit } from '../kit.ts'

const CONSUMERS: readonly string[] = [TICKET_RENDERER, WEBHOOK_SENDER]
const DEFAULT_LIMIT = 100

interface DeadLettersOptions extends WhichKit {
  readonly consumer?: string
  /** The oldest so many. */
  readonly limit: number
  readonly json?: true
}

/** A message that a consumer gave up. */
type DeadLetter = ReturnType<typeof describe>

/** @param connect to the broker; the running kit's by default */
export function deadLettersCommand(connect = connectBroker): Command {
  const subcommand = (
    name: string,
    description: string,
    work: (connection: NatsConnection, message: StoredMsg) => Promise<void>,
    print: (letters: readonly DeadLetter[]) => string,
  ): Command =>
    new Command(name)
      .description(description)
      .option('--consumer <consumer>', `only of one of ${CONSUMERS.join(', ')}`)
      .option('--limit <n>', 'the oldest so many', wholeNumber, DEFAULT_LIMIT)
      .option(...COMPOSE_OPTION)
      .option('--json', 'as one JSON document')
      .action(async (options: DeadLettersOptions) => {
        await using connection = await connect(options)
        const letters: DeadLetter[] = []
        for await (const message of stored(connection, options)) {
          await work(connection, message)
          letters.push(describe(message))
        }
        console.log(options.json ? JSON.stringify(letters, null, 2) : print(letters))
      })

  return new Command('dead-letters')
    .description('Messages that a consumer gave up, and how to give them to it again.')
    .addCommand(subcommand('list', 'Show them, oldest first, with the reason.', async () => undefined, table))
    .addCommand(
      subcommand(
        'replay',
        'Give them to their consumer once more, oldest first.',
        replay,
        (letters) => `${letters.length} replayed; those that fail again come back.`,
      ),
    )
    .addHelpText('after', '\nExample:\n  npx faultline dead-letters replay --consumer ticket-renderer\n')
}

/** Gives a message to the consumer that gave it up once more, and takes it off the stream when the broker has it. */
async function replay(connection: NatsConnection, message: StoredMsg): Promise<void> {
  const headers = createHeaders()
  for (const key of message.header.keys()) {
    if (!/^(Nats|Dead-Letter)-/.test(key)) headers.set(key, message.header.get(key))
  }
  // the same for a replay that was cut off and is repeated, another one for the next time that it is given up
  const msgID = `replay:${message.seq}:${message.time.toISOString()}`
  await jetstream(connection).publish(replaySubject(consumerOf(message)), message.data, { headers, msgID })
  const { streams } = await jetstreamManager(connection)
  await streams.deleteMessage(DEAD_LETTERS_STREAM, message.seq, false)
}

/** @throws StackError (wrong use) for an unknown consumer */
async function* stored(
  connection: NatsConnection,
  { consumer, limit }: DeadLettersOptions,
): AsyncGenerator<StoredMsg> {
  if (consumer !== undefined && !CONSUMERS.includes(consumer)) {
    throw wrongUse(`there is no consumer "${consumer}"; there are ${CONSUMERS.join(', ')}`)
  }
  const { direct, streams } = await jetstreamManager(connection)
  try {
    await streams.info(DEAD_LETTERS_STREAM)
  } catch (error) {
    // made by the first consumer that starts
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

const consumerOf = ({ subject }: StoredMsg): string => subject.slice(deadLetterSubject('').length)

function describe(message: StoredMsg) {
  const { seq, header, time } = message
  return {
    /** Place in the stream of dead letters. */
    sequence: seq,
    consumer: consumerOf(message),
    reason: header.get(deadLetterHeaders.reason),
    error: header.get(deadLetterHeaders.error),
    deliveries: Number(header.get(deadLetterHeaders.deliveries)),
    /** RFC 3339. */
    time: header.get(deadLetterHeaders.time) || time.toISOString(),
  }
}

function table(letters: readonly DeadLetter[]): string {
  if (letters.length === 0) return 'There are no dead letters.'
  const rows = letters.map(({ sequence, consumer, reason, deliveries, time, error }) => [
    String(sequence),
    consumer,
    reason,
    String(deliveries),
    time,
    error,
  ])
  return columns([['NUMBER', 'CONSUMER', 'REASON', 'DELIVERIES', 'TIME', 'LAST ERROR'], ...rows])
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value > 0) return value
  throw new InvalidArgumentError('expected a whole number above 0')
}
