import type { Attributes } from '@opentelemetry/api'
import { toJson } from '../otlp/wire.ts'

/**
 * What Loki takes of one record by its defaults: 64 KiB and 128 entries of structured metadata, lines of 256 KiB. The
 * rest of the metadata is left to the resource, the scope, the record's own fields and what a collector adds. Sizes are
 * counted as Loki does: nested objects become an entry for each leaf, with the whole path as its name, arrays JSON.
 */
const MAX_ATTRIBUTES_BYTES = 48 * 1024
const MAX_ENTRIES = 96
const MAX_VALUE_BYTES = 16 * 1024
const MAX_BODY_BYTES = 64 * 1024
/** Nobody asks for longer names. */
const MAX_NAME_BYTES = 512
/** An attribute of which less than this would be left is dropped. */
const MIN_VALUE_BYTES = 64
/** As `writeAttribute` has them; what is deeper or longer becomes JSON text here, so that its end is seen. */
const MAX_DEPTH = 6
const MAX_ITEMS = 1_024
/** The longest number, as text. */
const NUMBER_BYTES = 25
/** Loki puts it before names that begin with a digit. */
const PREFIX_BYTES = 4
/** Where objects stand among strings when attributes are ordered by size. */
const OBJECT_WEIGHT = 1_024

/** What is left of a record. */
class Room {
  bytes: number
  entries: number

  constructor(bytes: number, entries: number) {
    this.bytes = bytes
    this.entries = entries
  }

  /** @returns whether there was as much */
  take(bytes: number, entries = 1): boolean {
    this.bytes -= bytes
    this.entries -= entries
    return this.bytes >= 0 && this.entries >= 0
  }
}

export interface BoundedAttributes {
  readonly attributes: Attributes
  /** Attributes that had no room. */
  readonly dropped: number
  readonly isCut: boolean
}

/** Attributes of which Loki takes every one. Those of nearly all records are returned as they are. */
export function boundAttributes(attributes: Attributes): BoundedAttributes {
  if (isSmall(attributes)) return { attributes, dropped: 0, isCut: false }
  const room = new Room(MAX_ATTRIBUTES_BYTES, MAX_ENTRIES)
  const bounded = Object.create(null) as Attributes
  let dropped = 0
  let isCut = false
  // The smallest first, so that one dump does not push out ids.
  for (const [key, value] of Object.entries(attributes).sort(([, a], [, b]) => weight(a) - weight(b))) {
    const name = lokiName(key)
    const nameBytes = Buffer.byteLength(name) + PREFIX_BYTES
    if (nameBytes > MAX_NAME_BYTES || room.entries < 1 || room.bytes < nameBytes + MIN_VALUE_BYTES) {
      dropped += 1
      continue
    }
    const { bytes, entries } = room
    if (fits(value, nameBytes, room)) {
      bounded[name] = value
      continue
    }
    room.bytes = bytes
    room.entries = entries
    const text = toText(value)
    const kept = cutText(text, Math.min(MAX_VALUE_BYTES, room.bytes - nameBytes))
    room.take(nameBytes + Buffer.byteLength(kept))
    bounded[name] = kept
    isCut ||= kept !== text
  }
  return { attributes: bounded, dropped, isCut }
}

/** A body below the longest line that Loki takes. */
export function boundBody(body: unknown): { readonly body: unknown; readonly isCut: boolean } {
  if (typeof body === 'string') {
    const kept = cutText(body, MAX_BODY_BYTES)
    return { body: kept, isCut: kept !== body }
  }
  if (typeof body !== 'object' || body === null) return { body, isCut: false }
  // Loki makes one line of JSON of it.
  if (fitsAsJson([body], new Room(MAX_BODY_BYTES, 1), 0)) return { body, isCut: false }
  const text = toText(body)
  const kept = cutText(text, MAX_BODY_BYTES)
  return { body: kept, isCut: kept !== text }
}

/** The beginning of a text, of at most that many bytes as UTF-8; no character is broken. */
export function cutText(text: string, maxBytes: number): string {
  if (text.length * 3 <= maxBytes || Buffer.byteLength(text) <= maxBytes) return text
  const bytes = Buffer.from(text.slice(0, maxBytes))
  let end = Math.min(maxBytes, bytes.length)
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1
  return bytes.toString('utf8', 0, end)
}

/** A quick look that is right about what it lets pass. */
function isSmall(attributes: Attributes): boolean {
  let bytes = 0
  let entries = 0
  for (const key in attributes) {
    const value = attributes[key]
    const type = typeof value
    if (typeof value === 'string') {
      if (value.length * 3 > MAX_VALUE_BYTES) return false
      bytes += value.length * 3
    } else if (type === 'number' || type === 'boolean') bytes += NUMBER_BYTES
    else if (value !== null) return false
    if (!hasLokiName(key)) return false
    bytes += key.length * 3 + PREFIX_BYTES
    entries += 1
  }
  return bytes <= MAX_ATTRIBUTES_BYTES && entries <= MAX_ENTRIES
}

/** Loki refuses a whole request for one name in which it finds no letter or digit, `名前` for instance. */
function hasLokiName(key: string): boolean {
  const first = key.charCodeAt(0)
  return (first >= 0x61 && first <= 0x7a) || /[A-Za-z0-9]/.test(key)
}

function lokiName(key: string): string {
  return hasLokiName(key) ? key : `field.${key}`
}

function weight(value: unknown): number {
  if (typeof value === 'string') return value.length
  return typeof value === 'object' && value !== null ? OBJECT_WEIGHT : NUMBER_BYTES
}

function fits(value: unknown, nameBytes: number, room: Room, depth = 0): boolean {
  if (typeof value === 'string') {
    // A collector that masks part of an object makes JSON text of it, in which some characters take six bytes.
    const bytes = Buffer.byteLength(depth === 0 ? value : JSON.stringify(value))
    return bytes <= MAX_VALUE_BYTES && room.take(nameBytes + bytes)
  }
  // The SDK lets none through; a processor of somebody else's may.
  if (typeof value === 'bigint') return false
  if (typeof value !== 'object' || value === null) return room.take(nameBytes + NUMBER_BYTES)
  if (value instanceof Uint8Array || Array.isArray(value)) {
    return room.take(nameBytes) && fitsAsJson(value, room, depth)
  }
  try {
    const keys = Object.keys(value)
    if (depth >= MAX_DEPTH || keys.length > MAX_ITEMS) return false
    return keys.every((key) => {
      const bytes = nameBytes + 1 + Buffer.byteLength(key)
      return bytes <= MAX_NAME_BYTES && fits((value as Attributes)[key], bytes, room, depth + 1)
    })
  } catch {
    return false
  }
}

/** At most six bytes come of a character: `\u0001`. */
function fitsAsJson(value: unknown, room: Room, depth: number): boolean {
  if (typeof value === 'string')
    return value.length * 3 <= MAX_VALUE_BYTES && room.take(value.length * 6 + 3, 0)
  if (typeof value === 'bigint') return false
  if (typeof value !== 'object' || value === null) return room.take(NUMBER_BYTES, 0)
  // As Base64.
  if (value instanceof Uint8Array)
    return value.length <= MAX_VALUE_BYTES && room.take(value.length * 1.5 + 8, 0)
  try {
    const keys = Array.isArray(value) ? [] : Object.keys(value)
    const items: readonly unknown[] = Array.isArray(value)
      ? value
      : keys.map((key) => (value as Attributes)[key])
    if (depth >= MAX_DEPTH || items.length > MAX_ITEMS || !room.take(3, 0)) return false
    return (
      keys.every((key) => room.take(key.length * 6 + 4, 0)) &&
      items.every((item) => fitsAsJson(item, room, depth + 1))
    )
  } catch {
    return false
  }
}

function toText(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  return toJson(value)
}
