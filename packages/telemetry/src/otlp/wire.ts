import { PbfWriter } from 'pbf'

const SURROGATE = /[\ud800-\udfff]/

/**
 * Writes a string field. pbf 5.1 encodes characters beyond U+1FFFF wrongly (it sets bit 16 instead of adding
 * 0x10000), so text that has any of them is encoded by Node.
 */
export function writeText(pbf: PbfWriter, tag: number, text: string): void {
  if (SURROGATE.test(text)) pbf.writeBytesField(tag, Buffer.from(text))
  else pbf.writeStringField(tag, text)
}

/** Writes the `AnyValue` of a text, however long it is. */
export function writeStringValue(text: string, pbf: PbfWriter): void {
  writeText(pbf, 1, text)
}

const NIBBLES = new Uint8Array(128)
for (let digit = 0; digit < 16; digit += 1) {
  NIBBLES[digit.toString(16).charCodeAt(0)] = digit
  NIBBLES[digit.toString(16).toUpperCase().charCodeAt(0)] = digit
}

/** Writes an id of hex digits as a bytes field without a buffer of its own. */
export function writeHexField(pbf: PbfWriter, tag: number, hex: string): void {
  const bytes = hex.length >>> 1
  pbf.writeTag(tag, 2)
  pbf.writeVarint(bytes)
  pbf.realloc(bytes)
  const { buf } = pbf
  let { pos } = pbf
  for (let index = 0; index < hex.length; index += 2) {
    const high = NIBBLES[hex.charCodeAt(index) & 127] ?? 0
    const low = NIBBLES[hex.charCodeAt(index + 1) & 127] ?? 0
    buf[pos] = (high << 4) | low
    pos += 1
  }
  pbf.pos = pos
}

/** Characters of one string value; longer ones are cut, so that no single value bursts a batch. */
export const MAX_STRING = 16_384
/** Depth of nested values; deeper ones become JSON text. */
const MAX_DEPTH = 6
/** Items of one array or object; the rest is cut. */
const MAX_ITEMS = 1_024
/** Stands for a value that cannot be read: a cycle past the depth, a `toJSON` that throws. */
export const UNREADABLE = '[unreadable]'

// One pair is in use at a time: its fields are read before anything nested is written.
const pair: { key: string; value: unknown; depth: number } = { key: '', value: undefined, depth: 0 }

/** Writes `KeyValue` as the field `tag` of the message that is being written. */
export function writeAttribute(pbf: PbfWriter, tag: number, key: string, value: unknown, depth = 0): void {
  pair.key = key
  pair.value = value
  pair.depth = depth
  pbf.writeMessage(tag, writePair, pair)
}

function writePair({ key, value, depth }: typeof pair, pbf: PbfWriter): void {
  writeText(pbf, 1, key)
  writeAnyValue(pbf, 2, value, depth)
}

const held: { value: unknown; depth: number } = { value: undefined, depth: 0 }

/** Writes `AnyValue` as the field `tag` of the message that is being written. */
export function writeAnyValue(pbf: PbfWriter, tag: number, value: unknown, depth = 0): void {
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
  else if (depth >= MAX_DEPTH) writeText(pbf, 1, toJson(value).slice(0, MAX_STRING))
  else if (Array.isArray(value)) pbf.writeMessage(5, writeArray, { value, depth: depth + 1 })
  else pbf.writeMessage(6, writeKeyValueList, { value, depth: depth + 1 })
}

function writeArray({ value, depth }: { value: readonly unknown[]; depth: number }, pbf: PbfWriter): void {
  const length = Math.min(value.length, MAX_ITEMS)
  for (let index = 0; index < length; index += 1) writeAnyValue(pbf, 1, read(value, index), depth)
}

function writeKeyValueList({ value, depth }: { value: object; depth: number }, pbf: PbfWriter): void {
  for (const key of Object.keys(value).slice(0, MAX_ITEMS)) {
    writeAttribute(pbf, 1, key, read(value, key), depth)
  }
}

/** A getter of somebody else's may throw. */
function read(from: object, key: string | number): unknown {
  try {
    return (from as Record<string | number, unknown>)[key]
  } catch {
    return UNREADABLE
  }
}

/** JSON text of a value, whatever it holds. */
export function toJson(value: object): string {
  try {
    return stringify(value) ?? UNREADABLE
  } catch {
    return UNREADABLE
  }
}

/** @throws TypeError where there is a cycle, and whatever a getter or a `toJSON` throws */
export function stringify(value: unknown): string | undefined {
  return JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? String(item) : item))
}

/** Attributes whose values are few: each pair is encoded once. */
const KEYS = [
  'client.address',
  'db.collection.name',
  'db.namespace',
  'db.operation.name',
  'db.query.summary',
  'db.query.text',
  'db.system.name',
  'error.type',
  'http.request.method',
  'http.response.status_code',
  'http.route',
  'messaging.consumer.group.name',
  'messaging.destination.name',
  'messaging.operation.name',
  'messaging.operation.type',
  'messaging.system',
  'network.protocol.version',
  'peer.service',
  'sampling.keep',
  'server.address',
  'server.port',
  'url.scheme',
  'user_agent.original',
]
/** Values remembered for each of them; callers can send as many user agents as they like. */
const MAX_VALUES = 256
/** Longer ones are not worth the memory. */
const MAX_BYTES = 2_048

const encodedByKey = new Map(KEYS.map((key) => [key, new Map<unknown, Uint8Array>()]))

/**
 * As `writeAttribute`, but copies the bytes of a pair that was written before.
 * @param tag the field that the `KeyValue` is; at most 15
 */
export function writeKnownAttribute(pbf: PbfWriter, tag: number, key: string, value: unknown): void {
  const known = encodedByKey.get(key)
  if (!known) {
    writeAttribute(pbf, tag, key, value)
    return
  }
  let bytes = known.get(value)
  if (!bytes) {
    bytes = encode(key, value)
    if (known.size < MAX_VALUES && bytes.length <= MAX_BYTES) known.set(value, bytes)
  }
  pbf.realloc(bytes.length + 1)
  // The bytes are a whole field but for its first byte, the tag, which differs between spans and log records.
  pbf.buf[pbf.pos] = (tag << 3) | 2
  pbf.buf.set(bytes, pbf.pos + 1)
  pbf.pos += bytes.length + 1
}

function encode(key: string, value: unknown): Uint8Array {
  const pbf = new PbfWriter()
  writeAttribute(pbf, 1, key, value)
  return pbf.finish().slice(1)
}
