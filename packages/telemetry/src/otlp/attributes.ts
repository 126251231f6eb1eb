import type { PbfWriter } from 'pbf'
import { writeText } from './text.ts'

/** Characters of one string value; longer ones are cut, so that no single value bursts a batch. */
export const MAX_STRING = 16_384
/** Depth of nested values; deeper ones become JSON text. */
const MAX_DEPTH = 6
/** Items of one array or object; the rest is cut. */
const MAX_ITEMS = 1_024
/** Stands for a value that cannot be read: a cycle past the depth, a `toJSON` that throws. */
const UNREADABLE = '[unreadable]'

/** Anything that can become an OTLP `AnyValue`. */
export type AnyValue = unknown

// One pair is in use at a time: its fields are read before anything nested is written.
const pair: { key: string; value: AnyValue; depth: number } = { key: '', value: undefined, depth: 0 }

/** Writes `KeyValue` as the field `tag` of the message that is being written. */
export function writeAttribute(pbf: PbfWriter, tag: number, key: string, value: AnyValue, depth = 0): void {
  pair.key = key
  pair.value = value
  pair.depth = depth
  pbf.writeMessage(tag, writePair, pair)
}

function writePair({ key, value, depth }: typeof pair, pbf: PbfWriter): void {
  writeText(pbf, 1, key)
  writeAnyValue(pbf, 2, value, depth)
}

const held: { value: AnyValue; depth: number } = { value: undefined, depth: 0 }

/** Writes `AnyValue` as the field `tag` of the message that is being written. */
export function writeAnyValue(pbf: PbfWriter, tag: number, value: AnyValue, depth = 0): void {
  held.value = value
  held.depth = depth
  pbf.writeMessage(tag, writeHeld, held)
}

// Field numbers: opentelemetry/proto/common/v1/common.proto
function writeHeld({ value, depth }: typeof held, pbf: PbfWriter): void {
  switch (typeof value) {
    case 'string':
      writeText(pbf, 1, value.length > MAX_STRING ? value.slice(0, MAX_STRING) : value)
      return
    case 'number':
      if (Number.isSafeInteger(value)) pbf.writeVarintField(3, value)
      else pbf.writeDoubleField(4, value)
      return
    case 'boolean':
      pbf.writeBooleanField(2, value)
      return
    case 'bigint':
      if (value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER) {
        pbf.writeVarintField(3, Number(value))
      } else writeText(pbf, 1, String(value).slice(0, MAX_STRING))
      return
    case 'object':
      if (value !== null) writeObject(value, depth, pbf)
      return
    default:
      // undefined, functions and symbols: an empty AnyValue, which is OTLP's null
      return
  }
}

function writeObject(value: object, depth: number, pbf: PbfWriter): void {
  if (value instanceof Uint8Array) pbf.writeBytesField(7, value.subarray(0, MAX_STRING))
  else if (depth >= MAX_DEPTH) writeText(pbf, 1, toJson(value))
  else if (Array.isArray(value)) pbf.writeMessage(5, writeArray, { value, depth: depth + 1 })
  else pbf.writeMessage(6, writeKeyValueList, { value, depth: depth + 1 })
}

function writeArray({ value, depth }: { value: readonly AnyValue[]; depth: number }, pbf: PbfWriter): void {
  const length = Math.min(value.length, MAX_ITEMS)
  for (let index = 0; index < length; index += 1) writeAnyValue(pbf, 1, read(value, index), depth)
}

function writeKeyValueList({ value, depth }: { value: object; depth: number }, pbf: PbfWriter): void {
  for (const key of Object.keys(value).slice(0, MAX_ITEMS)) {
    writeAttribute(pbf, 1, key, read(value, key), depth)
  }
}

/** A getter of somebody else's may throw. */
function read(from: object, key: string | number): AnyValue {
  try {
    return (from as Record<string | number, AnyValue>)[key]
  } catch {
    return UNREADABLE
  }
}

function toJson(value: object): string {
  try {
    const json = JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? String(item) : item))
    return (json ?? UNREADABLE).slice(0, MAX_STRING)
  } catch {
    return UNREADABLE
  }
}
