import { type FlagDefinition, type FlagName, type FlagValue, flags } from '@faultline/contracts'
import type { Logger } from '../telemetry-types.ts'

type Value = boolean | string

const definitions: Readonly<Record<string, FlagDefinition>> = flags

/** Every flag there is. */
export const FLAG_NAMES = Object.keys(flags) as readonly FlagName[]

export function isFlagName(name: string): name is FlagName {
  return Object.hasOwn(definitions, name)
}

/** What a flag is by its definition. */
export function flagDefinition(name: FlagName): FlagDefinition {
  return flags[name]
}

/**
 * Reads a stored value.
 * @returns undefined when it is none of the flag's
 */
export function parseFlagValue(name: FlagName, text: string): Value | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  return flagDefinition(name).variants.find((variant) => variant === value)
}

/** The current value of each flag. What is not stored, or stored wrongly, has its default. */
export class FlagValues {
  readonly #stored = new Map<FlagName, Value>()
  readonly #warned = new Map<string, string>()
  readonly #logger: Logger

  constructor(logger: Logger) {
    this.#logger = logger
  }

  get<Name extends FlagName>(name: Name): FlagValue<Name> {
    return (this.#stored.get(name) ?? flags[name].default) as FlagValue<Name>
  }

  /** Whether the value is stored, not the default for want of one. */
  isStored(name: FlagName): boolean {
    return this.#stored.has(name)
  }

  /** Takes what the bucket holds for a key. @returns the flag if its value has changed */
  set(key: string, text: string | undefined): FlagName | undefined {
    if (!isFlagName(key)) {
      this.#warn(key, text, 'there is no such flag; it is ignored')
      return undefined
    }
    const before = this.get(key)
    const value = text === undefined ? undefined : parseFlagValue(key, text)
    if (value === undefined) {
      this.#stored.delete(key)
      this.#warn(key, text, 'the flag has no such value; it has its default')
    } else {
      this.#stored.set(key, value)
      this.#warned.delete(key)
    }
    return this.get(key) === before ? undefined : key
  }

  /** Forgets every flag that is not among the keys. @returns those whose value has changed */
  keepOnly(keys: ReadonlySet<string>): FlagName[] {
    return [...this.#stored.keys()]
      .filter((name) => !keys.has(name))
      .flatMap((name) => this.set(name, undefined) ?? [])
  }

  /** Once for each wrong value, however often a reconnect replays it. */
  #warn(key: string, text: string | undefined, problem: string): void {
    if (text === undefined) {
      this.#warned.delete(key)
      return
    }
    if (this.#warned.get(key) === text) return
    this.#warned.set(key, text)
    const known = isFlagName(key) ? { values: flagDefinition(key).variants } : { flags: FLAG_NAMES }
    this.#logger.warn({ 'feature_flag.key': key, stored: text.slice(0, 100), ...known }, problem)
  }
}
