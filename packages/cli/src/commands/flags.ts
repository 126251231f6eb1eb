import type { NatsConnection } from '@nats-io/transport-node'
import { Command } from 'commander'
import { type ConnectBroker, connectKitBroker } from '../broker/connect.ts'
import { readFlags, resetFlags, setFlag } from '../broker/flags.ts'
import { columns } from '../format.ts'
import { COMPOSE_OPTION, type WhichKit } from '../kit.ts'

/** @param connect to the broker; the running kit's by default */
export function flagsCommand(connect: ConnectBroker = connectKitBroker): Command {
  const using = async (
    command: Command,
    work: (connection: NatsConnection) => Promise<void>,
  ): Promise<void> => {
    // given before or after a subcommand
    const { compose } = command.optsWithGlobals<WhichKit>()
    const connection = await connect({ ...(compose && { compose }) })
    try {
      await work(connection)
    } finally {
      await connection.close()
    }
  }

  return new Command('flags')
    .description('Show the feature flags; set and reset change them in every service within a second.')
    .option(...COMPOSE_OPTION)
    .option('--json', 'as one JSON document')
    .action(({ json }: { json?: true }, command: Command) =>
      using(command, async (connection) => {
        const states = await readFlags(connection)
        if (json) console.log(JSON.stringify(states, null, 2))
        else {
          const rows = states.map(({ name, value, default: usual, description }) => [
            name,
            String(value),
            value === usual ? '' : `(default ${usual})`,
            description,
          ])
          console.log(columns([['NAME', 'VALUE', '', 'WHAT IT CHANGES'], ...rows]))
        }
      }),
    )
    .addCommand(
      new Command('set')
        .description('Give a flag one of its values.')
        .argument('<name>', 'flag')
        .argument('<value>', 'one of its values')
        .option(...COMPOSE_OPTION)
        .action((name: string, value: string, _options: unknown, command: Command) =>
          using(command, async (connection) => {
            await setFlag(connection, name, value)
            console.log(`${name} is ${value}`)
          }),
        ),
    )
    .addCommand(
      new Command('reset')
        .description('Give a flag, or all of them, its default.')
        .argument('[name]', 'flag')
        .option(...COMPOSE_OPTION)
        .action((name: string | undefined, _options: unknown, command: Command) =>
          using(command, async (connection) => {
            await resetFlags(connection, name)
            console.log(name === undefined ? 'All flags have their defaults.' : `${name} has its default.`)
          }),
        ),
    )
    .addHelpText('after', '\nExample:\n  npx faultline flags set retry-policy naive\n')
}
