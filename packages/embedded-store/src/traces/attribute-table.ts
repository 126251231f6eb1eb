import type { AnyValue, KeyValue } from '../generated/opentelemetry/proto/common/v1/common_pb.js'
import { Column, type StringTable, totalBytes } from '../storage/columns.ts'
import type { Scalar, Value } from './traceql/ast.ts'

const STRING = 0
const INTEGER = 1
const DOUBLE = 2
const BOOLEAN = 3
const LIST = 4
const TYPE_BITS = 3

/** Longest indexed string in UTF-16 units, as Tempo's default `max_attribute_bytes`; the stored span keeps it all. */
const MAX_INDEXED_LENGTH = 2048

/** Rows of attributes, packed: row i has the slots from `#ends[i-1]` to `#ends[i]`, a slot is a key with type and a value. */
export class AttributeTable {
  readonly #keys: StringTable
  readonly #strings: StringTable
  readonly #ends = new Column(Uint32Array)
  readonly #slotKeys = new Column(Uint32Array)
  readonly #slotValues = new Column(Uint32Array)
  readonly #numbers = new Column(Float64Array)
  readonly #lists: (readonly Scalar[])[] = []
  /** Names of all attributes of all rows. */
  readonly usedKeys = new Set<string>()

  constructor(keys: StringTable, strings: StringTable) {
    this.#keys = keys
    this.#strings = strings
  }

  /** Appends a row and gives its number. */
  add(attributes: readonly KeyValue[]): number {
    for (const { key, value } of attributes) {
      this.usedKeys.add(key)
      const scalar = scalarOf(value)
      if (scalar !== undefined) this.#addScalar(this.#keys.add(key), scalar)
      else if (value?.value.case === 'arrayValue') {
        const list = value.value.value.values.map(scalarOf).filter((item) => item !== undefined)
        this.#addSlot(this.#keys.add(key), LIST, this.#lists.push(list) - 1)
      }
    }
    return this.#ends.push(this.#slotKeys.length)
  }

  /** Value of a key in a row, undefined when the row does not have it. Integers beyond 2^53 lose precision. */
  get(row: number, key: number): Value {
    const end = this.#ends.get(row)
    for (let slot = row === 0 ? 0 : this.#ends.get(row - 1); slot < end; slot += 1) {
      if (this.#slotKeys.get(slot) >>> TYPE_BITS === key) return this.#value(slot)
    }
    return undefined
  }

  /** Estimated bytes of memory, without the shared string tables. */
  get bytes(): number {
    const columns = totalBytes([this.#ends, this.#slotKeys, this.#slotValues, this.#numbers])
    return columns + this.#lists.length * 128
  }

  #addScalar(key: number, value: Scalar): void {
    if (typeof value === 'string') {
      this.#addSlot(key, STRING, this.#strings.add(value.slice(0, MAX_INDEXED_LENGTH)))
    } else if (typeof value === 'boolean') {
      this.#addSlot(key, BOOLEAN, value ? 1 : 0)
    } else if (typeof value === 'number') {
      this.#addSlot(key, INTEGER, this.#numbers.push(value))
    } else if (value.type === 'double') {
      this.#addSlot(key, DOUBLE, this.#numbers.push(value.value))
    }
  }

  #addSlot(key: number, type: number, value: number): void {
    this.#slotKeys.push((key << TYPE_BITS) | type)
    this.#slotValues.push(value)
  }

  #value(slot: number): Value {
    const value = this.#slotValues.get(slot)
    switch (this.#slotKeys.get(slot) & 7) {
      case STRING:
        return this.#strings.get(value)
      case BOOLEAN:
        return value === 1
      case LIST:
        return this.#lists[value]
      case DOUBLE:
        return { type: 'double', value: this.#numbers.get(value) }
      default:
        return this.#numbers.get(value)
    }
  }
}

/** Strings, numbers and booleans; undefined for what TraceQL cannot compare (maps, bytes, nothing). */
function scalarOf(value: AnyValue | undefined): Scalar | undefined {
  switch (value?.value.case) {
    case 'stringValue':
    case 'boolValue':
      return value.value.value
    case 'doubleValue':
      return { type: 'double', value: value.value.value }
    case 'intValue':
      return Number(value.value.value)
    default:
      return undefined
  }
}
