import { FLAGS_BUCKET, type FlagDefinition, flags } from '@faultline/contracts'
import { ExitCode, StackError } from '@faultline/runtime'
import { type KV, Kvm } from '@nats-io/kv'
import type { NatsConnection } from '@nats-io/transport-node'

const definitions: Readonly<Record<string, FlagDefinition>> = flags

/** A flag as it is now. */
export interface FlagState {
  readonly name: string
  readonly value: boolean | string
  readonly default: boolean | string
  readonly variants: readonly (boolean | string)[]
  readonly description: string
}

/** Every flag there is. What is stored but is none of a flag's values counts as not stored, as it does for services. */
export async function readFlags(connection: NatsConnection): Promise<FlagState[]> {
  const bucket = await open(connection)
  return Promise.all(
    Object.entries(definitions).map(async ([name, definition]) => {
      const entry = await bucket.get(name)
      const stored = entry?.operation === 'PUT' ? entry.string() : undefined
      const value = definition.variants.find((variant) => JSON.stringify(variant) === stored)
      return { name, value: value ?? definition.default, ...definition }
    }),
  )
}

/**
 * Sets a flag in every service.
 *
 * @throws StackError (wrong use) naming what there is, for an unknown flag or value
 */
export async function setFlag(connection: NatsConnection, name: string, text: string): Promise<void> {
  const { variants } = definitionOf(name)
  const value = variants.find((variant) => String(variant) === text)
  if (value === undefined) {
    throw wrongUse(`${name} cannot be "${text}"; it can be ${variants.map(String).join(' or ')}`)
  }
  const bucket = await open(connection)
  await bucket.put(name, JSON.stringify(value))
}

/**
 * Gives a flag, or all of them, its default.
 *
 * @throws StackError (wrong use) for an unknown flag
 */
export async function resetFlags(connection: NatsConnection, name?: string): Promise<void> {
  if (name !== undefined) definitionOf(name)
  const bucket = await open(connection)
  const stored: string[] = []
  for await (const key of await bucket.keys()) stored.push(key)
  // What is no flag any more goes as well, when all of them do.
  for (const key of name === undefined ? stored : [name]) await bucket.purge(key)
}

function definitionOf(name: string): FlagDefinition {
  const definition = Object.hasOwn(definitions, name) ? definitions[name] : undefined
  if (definition) return definition
  throw wrongUse(`there is no flag "${name}"; there are ${Object.keys(definitions).join(', ')}`)
}

function open(connection: NatsConnection): Promise<KV> {
  return new Kvm(connection).create(FLAGS_BUCKET)
}

function wrongUse(message: string): StackError {
  return new StackError(message, ExitCode.wrongUse)
}
