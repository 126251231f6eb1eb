import { isUtf8 } from 'node:buffer'
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { Profile } from 'pprof-format'
import { MalformedError } from '../../otlp/batch.ts'

/** Pyroscope's status for a profile that it cannot read or does not take. */
export const UNPROCESSABLE = 422

/** Form of a field's content; another message by the fields of its own. */
type Form = 'number' | 'numbers' | 'text' | Fields
interface Fields {
  readonly [number: number]: Form
}

const numbers = (count: number): Fields =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [at + 1, 'number']))

/** @see https://github.com/google/pprof/blob/main/proto/profile.proto */
const PROFILE: Fields = {
  ...numbers(15),
  1: numbers(2),
  2: { 1: 'numbers', 2: 'numbers', 3: numbers(4) },
  3: numbers(10),
  4: { ...numbers(5), 4: numbers(3) },
  5: numbers(5),
  6: 'text',
  11: numbers(2),
  13: 'numbers',
}

/**
 * Reads a decompressed pprof profile.
 *
 * @throws {MalformedError} when it is none
 */
export function decodePprof(bytes: Uint8Array): Profile {
  try {
    check(bytes, PROFILE)
    return Profile.decode(bytes)
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    throw new MalformedError(`the body is not a pprof profile: ${cause}`, UNPROCESSABLE)
  }
}

/**
 * The library takes anything for a profile and needs time by the square of a number's length, so that what it gets
 * must be known to be well formed: fields of the message with tags of one byte, numbers of at most ten, text in UTF-8.
 */
function check(bytes: Uint8Array, fields: Fields): void {
  const reader = new BinaryReader(bytes)
  while (reader.pos < reader.len) {
    const start = reader.pos
    const [field, type] = reader.tag()
    const form = fields[field]
    if (form === undefined || reader.pos - start > 1) throw new Error(`unknown field ${field}`)
    const isNumber = type === WireType.Varint && (form === 'number' || form === 'numbers')
    if (isNumber) reader.uint64()
    else if (type === WireType.LengthDelimited && form !== 'number') checkContent(reader.bytes(), form)
    else throw new Error(`field ${field} has the wrong type ${type}`)
  }
}

function checkContent(content: Uint8Array, form: Exclude<Form, 'number'>): void {
  if (form === 'numbers') {
    const reader = new BinaryReader(content)
    while (reader.pos < reader.len) reader.uint64()
  } else if (form === 'text') {
    if (!isUtf8(content)) throw new Error('text that is not UTF-8')
  } else check(content, form)
}
