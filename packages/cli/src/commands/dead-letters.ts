import type { NatsConnection } from '@nats-io/transport-node'
import { Command, InvalidArgumentError } from 'commander'
import { type ConnectBroker, connectKitBroker } from '../broker/connect.ts'
import {
  CONSUMERS,
  type DeadLetter,
  type DeadLetterFilter,
  listDeadLetters,
  replayDeadLetters,
} from '../broker/dead-letters.ts'
import { columns } from '../format.ts'
import { COMPOSE_OPTION, type WhichKit } from '../kit.ts'

interface DeadLettersOptions extends DeadLetterFilter, WhichKit {
  json?: true
}

const DEFAULT_LIMIT = 100

/** @param connect to the broker; the running kit's by default */
export function deadLettersCommand(connect: ConnectBroker = connectKitBroker): Command {
  type Work = (connection: NatsConnection, filter: DeadLetterFilter) => Promise<DeadLetter[]>
  const withFilter = (name: string, description: string): Command =>
    new Command(name)
      .description(description)
      .option('--consumer <consumer>', `only of one of ${CONSUMERS.join(', ')}`)
      .option('--limit <n>', 'the oldest so many', wholeNumber, DEFAULT_LIMIT)
      .option(...COMPOSE_OPTION)
      .option('--json', 'as one JSON document')
  const run = async (
    { json: _, compose, ...filter }: DeadLettersOptions,
    work: Work,
  ): Promise<DeadLetter[]> => {
    const connection = await connect({ ...(compose && { compose }) })
    try {
      return await work(connection, filter)
    } finally {
      await connection.close()
    }
  }

  return new Command('dead-letters')
    .description('Messages that a consumer gave up, and how to give them to it again.')
    .addCommand(
      withFilter('list', 'Show them, oldest first, with the reason.').action(
        async (options: DeadLettersOptions) => {
          const letters = await run(options, listDeadLetters)
          if (options.json) console.log(JSON.stringify(letters, null, 2))
          else console.log(letters.length === 0 ? 'There are no dead letters.' : table(letters))
        },
      ),
    )
    .addCommand(
      withFilter('replay', 'Give them to their consumer once more, oldest first.').action(
        async (options: DeadLettersOptions) => {
          const letters = await run(options, replayDeadLetters)
          if (options.json) console.log(JSON.stringify(letters, null, 2))
          else console.log(`${letters.length} replayed; those that fail again come back.`)
        },
      ),
    )
    .addHelpText('after', '\nExample:\n  npx faultline dead-letters replay --consumer ticket-renderer\n')
}

function table(letters: readonly DeadLetter[]): string {
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
