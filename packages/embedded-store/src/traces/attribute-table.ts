import type { AnyValue, KeyValue } from '../generated/opentelemetry/proto/common/v1/common_pb.js'
import { float64Column, uint32Column } from '../memory/column.ts'
import type { StringTable } from '../memory/string-table.ts'
import type { Scalar, Value } from './traceql/values.ts'

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
  readonly #ends = uint32Column()
  readonly #slotKeys = uint32Column()
  readonly #slotValues = uint32Column()
  readonly #numbers = float64Column()
  readonly #lists: (readonly Scalar[])[] = []
  readonly #usedKeys = new Set<string>()

  constructor(keys: StringTable, strings: StringTable) {
    this.#keys = keys
    this.#strings = strings
  }

  /** Appends a row and gives its number. */
  add(attributes: readonly KeyValue[]): number {
    for (const { key, value } of attributes) {
      this.#usedKeys.add(key)
      this.#addSlot(this.#keys.add(key), value)
    }
    return this.#ends.push(this.#slotKeys.length)
  }

  /** Value of a key in a row, undefined when the row does not have it. Integers beyond 2^53 lose precision. */
  get(row: number, key: number): Value {
    const end = this.#ends.get(row)
    for (let slot = this.#begin(row); slot < end; slot += 1) {
      if (this.#slotKeys.get(slot) >>> TYPE_BITS === key) return this.#value(slot)
    }
    return undefined
  }

  /** Names of all attributes of all rows. */
  usedKeys(): ReadonlySet<string> {
    return this.#usedKeys
  }

  /** Estimated bytes of memory, without the shared string tables. */
  get bytes(): number {
    const columns = this.#ends.bytes + this.#slotKeys.bytes + this.#slotValues.bytes + this.#numbers.bytes
    return columns + this.#lists.length * 128
  }

  #begin(row: number): number {
    return row === 0 ? 0 : this.#ends.get(row - 1)
  }

  #addSlot(key: number, value: AnyValue | undefined): void {
    const scalar = scalarOf(value)
    if (scalar !== undefined) this.#push(key, scalar)
    else if (value?.value.case === 'arrayValue') {
      const list = value.value.value.values.map(scalarOf).filter((item) => item !== undefined)
      this.#pushSlot(key, LIST, this.#lists.push(list) - 1)
    }
  }

  #push(key: number, value: Scalar): void {
    if (typeof value === 'string') {
      this.#pushSlot(key, STRING, this.#strings.add(value.slice(0, MAX_INDEXED_LENGTH)))
    } else if (typeof value === 'boolean') {
      this.#pushSlot(key, BOOLEAN, value ? 1 : 0)
    } else if (typeof value === 'number') {
      this.#pushSlot(key, INTEGER, this.#numbers.push(value))
    } else if (value.type === 'double') {
      this.#pushSlot(key, DOUBLE, this.#numbers.push(value.value))
    }
  }

  #pushSlot(key: number, type: number, value: number): void {
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
