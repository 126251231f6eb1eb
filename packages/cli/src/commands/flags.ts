import { FLAGS_BUCKET, type FlagDefinition, flags } from '@faultline/contracts'
import { wrongUse } from '@faultline/runtime'
import { type KV, Kvm } from '@nats-io/kv'
import { Command } from 'commander'
import { columns } from '../format.ts'
import { COMPOSE_OPTION, connectBroker, type WhichKit } from '../kit.ts'

const definitions: Readonly<Record<string, FlagDefinition>> = flags

/** @param connect to the broker; the running kit's by default */
export function flagsCommand(connect = connectBroker): Command {
  const withBucket = async (command: Command, work: (bucket: KV) => Promise<void>): Promise<void> => {
    // given before or after a subcommand
    await using connection = await connect(command.optsWithGlobals<WhichKit>())
    await work(await new Kvm(connection).create(FLAGS_BUCKET))
  }

  return new Command('flags')
    .description('Show the feature flags; set and reset change them in every service within a second.')
    .option(...COMPOSE_OPTION)
    .option('--json', 'as one JSON document')
    .action(({ json }: { json?: true }, command: Command) =>
      withBucket(command, async (bucket) => {
        const all = await Promise.all(
          Object.entries(definitions).map(async ([name, definition]) => {
            return { name, value: await storedOrDefault(bucket, name, definition), ...definition }
          }),
        )
        const rows = all.map(({ name, value, default: usual, description }) => [
          name,
          String(value),
          value === usual ? '' : `(default ${usual})`,
          description,
        ])
        console.log(
          json ? JSON.stringify(all, null, 2) : columns([['NAME', 'VALUE', '', 'WHAT IT CHANGES'], ...rows]),
        )
      }),
    )
    .addCommand(
      new Command('set')
        .description('Give a flag one of its values.')
        .argument('<name>', 'flag')
        .argument('<value>', 'one of its values')
        .option(...COMPOSE_OPTION)
        .action(async (name: string, text: string, _options: unknown, command: Command) => {
          const { variants } = definitionOf(name)
          const value = variants.find((variant) => String(variant) === text)
          if (value === undefined) {
            throw wrongUse(`${name} cannot be "${text}"; it can be ${variants.map(String).join(' or ')}`)
          }
          await withBucket(command, async (bucket) => void (await bucket.put(name, JSON.stringify(value))))
          console.log(`${name} is ${value}`)
        }),
    )
    .addCommand(
      new Command('reset')
        .description('Give a flag, or all of them, its default.')
        .argument('[name]', 'flag')
        .option(...COMPOSE_OPTION)
        .action(async (name: string | undefined, _options: unknown, command: Command) => {
          if (name !== undefined) definitionOf(name)
          await withBucket(command, async (bucket) => {
            if (name !== undefined) return bucket.purge(name)
            const stored: string[] = []
            for await (const key of await bucket.keys()) stored.push(key)
            // what is no flag any more goes as well
            for (const key of stored) await bucket.purge(key)
          })
          console.log(name === undefined ? 'All flags have their defaults.' : `${name} has its default.`)
        }),
    )
    .addHelpText('after', '\nExample:\n  npx faultline flags set retry-policy naive\n')
}

/** What is stored but is none of a flag's values counts as not stored, as it does for services. */
async function storedOrDefault(
  bucket: KV,
  name: string,
  definition: FlagDefinition,
): Promise<boolean | string> {
  const entry = await bucket.get(name)
  const stored = entry?.operation === 'PUT' ? entry.string() : undefined
  return definition.variants.find((variant) => JSON.stringify(variant) === stored) ?? definition.default
}

/** @throws StackError (wrong use) naming what there is, for an unknown flag */
function definitionOf(name: string): FlagDefinition {
  const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined
  if (definition) return definition
  throw wrongUse(`there is no flag "${name}"; there are ${Object.keys(definitions).join(', ')}`)
}
