import type { Context } from '@opentelemetry/api'

/**
 * OpenTelemetry context as a linked list: setting a value is one small object, where the API's own copies a
 * Map. A service sets one value a request and reads it often, so the chain stays short.
 */
export class LinkedContext implements Context {
  readonly #parent: Context
  readonly #key: symbol
  readonly #value: unknown

  constructor(parent: Context, key: symbol, value: unknown) {
    this.#parent = parent
    this.#key = key
    this.#value = value
  }

  getValue(key: symbol): unknown {
    return key === this.#key ? this.#value : this.#parent.getValue(key)
  }

  setValue(key: symbol, value: unknown): Context {
    return new LinkedContext(this, key, value)
  }

  deleteValue(key: symbol): Context {
    return new LinkedContext(this, key, undefined)
  }
}

const NOTHING = Symbol('faultline no context key')

/** The context outside of any request. */
export function rootContext(root: Context): Context {
  return new LinkedContext(root, NOTHING, undefined)
}
