import { isUtf8 } from 'node:buffer'
import { BinaryReader, WireType } from '@bufbuild/protobuf/wire'
import { type Label, Profile, type Sample } from 'pprof-format'
import { Refusal } from '../refusal.ts'
import { type ConvertedBatch, type ConvertedSample, typeLabels } from './convert-otlp.ts'
import { Labels } from './selector.ts'

/** Pyroscope's status for a profile that it cannot read or does not take. */
export const UNPROCESSABLE = 422

type Numeric = number | bigint

/** What a push says about its profile. */
export interface PushedProfile {
  /** Of the whole profile, `service_name` among them. */
  readonly labels: readonly (readonly [string, string])[]
  /** Milliseconds since the epoch, for a profile without a time. */
  readonly startMs: number
}

/** Pyroscope's limits, in its default configuration. */
const MAX_SAMPLES = 16_000
const MAX_SAMPLE_LABELS = 100
const MAX_DEPTH = 1000
const MAX_LABELS = 30
/** Bound of our own: frames of all samples together, which a small body can name very many times. */
const MAX_FRAMES = 2 ** 21
/** Labels by which clients name the span of a sample. */
const SPAN_LABELS = new Set(['span_id', 'profile_id'])
const SPAN_ID = /^[0-9a-fA-F]{16}$/
const YEAR_MS = 365 * 86_400_000

/**
 * Gives a pprof profile the types and labels that Pyroscope gives to it: one type for each kind of value, the labels of
 * the push, and those of the samples that the push does not have. Samples without a value or with a negative one, and
 * those that refer to what is not there, are left out.
 *
 * @see https://github.com/grafana/pyroscope/blob/v2.0.6/pkg/og/convert/pprof/profile.go
 * @see https://github.com/grafana/pyroscope/blob/v2.0.6/pkg/validation/validate.go
 * @throws {Refusal} for what Pyroscope refuses
 */
export function convertPprof(bytes: Uint8Array, pushed: PushedProfile): ConvertedBatch {
  const profile = decodePprof(bytes)
  const text = (index: Numeric): string =>
    profile.stringTable.strings[Number(index)] ?? refuse(`string ${index} is out of bounds`)
  const types = profileTypes(profile, text)
  const framesOf = stackReader(profile, text)
  const seriesOf = seriesReader(pushed.labels, types, text)
  const stacks = new Map<number, readonly string[]>()
  const samples = profile.sample.flatMap((sample, stack) => {
    const values = sample.value.map(signed)
    checkSample(sample, types.length)
    if (values.some((value) => value < 0)) return []
    const frames = framesOf(sample)
    if (frames === undefined) return []
    stacks.set(stack, frames)
    const { series, spanId } = seriesOf(sample.label)
    return values.flatMap((value, at): ConvertedSample[] => {
      const labels = series[at]
      return value === 0 || labels === undefined ? [] : [{ labels, stack, value, spanId }]
    })
  })
  const timeMs = Math.floor(signed(profile.timeNanos) / 1_000_000)
  // Old clients write none, or other units.
  return { profiles: [{ timeMs: timeMs < YEAR_MS ? pushed.startMs : timeMs, samples }], stacks }
}

function refuse(message: string): never {
  throw new Refusal(UNPROCESSABLE, message)
}

function checkSample({ value, label }: Sample, types: number): void {
  if (value.length !== types) refuse('sample value length mismatch')
  if (label.length > MAX_SAMPLE_LABELS) refuse(`a sample has more than ${MAX_SAMPLE_LABELS} labels`)
}

/** Labels that carry the type, for each of a sample's values. */
function profileTypes(profile: Profile, text: (index: Numeric) => string): [string, string][][] {
  if (text(0) !== '') refuse('string 0 should be empty string')
  if (profile.sampleType.length === 0) refuse('empty profile')
  if (profile.sample.length > MAX_SAMPLES) refuse(`the profile has more than ${MAX_SAMPLES} samples`)
  const types = profile.sampleType.map(({ type, unit }) => [text(type), text(unit)] as const)
  if (types.some(([type]) => type.includes('-'))) refuse('sample type contains -')
  const name = profileName(types.map(([type]) => type))
  const { type: periodType = 0, unit: periodUnit = 0 } = profile.periodType ?? {}
  const period = [text(periodType), text(periodUnit)] as const
  return types.map((type) => typeLabels(name, type, period).filter(([, value]) => value !== ''))
}

/** First part of a profile's type, which the client does not send. */
function profileName(types: readonly string[]): string {
  if (types.includes('wall')) return 'wall'
  for (const type of types) {
    if (type.includes('cpu')) return 'process_cpu'
    if (/alloc_|inuse_/.test(type) || type === 'space' || type === 'objects') return 'memory'
    const other = ['mutex', 'block'].find((name) => type.includes(`${name}_`))
    if (other !== undefined) return other
    if (type.includes('goroutines')) return 'goroutines'
  }
  return types.at(-1) ?? ''
}

/** Reads function names of a sample, leaf first; undefined when it refers to what is not there. */
function stackReader(
  profile: Profile,
  text: (index: Numeric) => string,
): (sample: Sample) => string[] | undefined {
  const functions = new Map(profile.function.map(({ id, name }) => [Number(id), text(name)]))
  if (functions.has(0)) refuse('function id is 0')
  const locations = new Map(profile.location.map(({ id, line }) => [Number(id), line]))
  if (locations.has(0)) refuse('location id is 0')
  let total = 0
  return ({ locationId }) => {
    const frames: string[] = []
    // A stack that is too deep loses its leaves.
    for (const id of locationId.slice(-MAX_DEPTH)) {
      const lines = locations.get(Number(id))
      if (lines === undefined || lines.length === 0) return undefined
      total += lines.length
      if (total > MAX_FRAMES) refuse(`the profile has more than ${MAX_FRAMES} frames`)
      for (const { functionId } of lines) {
        const name = functions.get(Number(functionId))
        if (name === undefined) return undefined
        frames.push(name)
      }
    }
    return frames
  }
}

/** Gives the series of a sample, one for each type, and its span. */
function seriesReader(
  pushed: PushedProfile['labels'],
  types: readonly (readonly [string, string][])[],
  text: (index: Numeric) => string,
): (labels: readonly Label[]) => { series: readonly Labels[]; spanId: Uint8Array } {
  const known = new Map<string, readonly Labels[]>()
  return (sampleLabels) => {
    const labels = new Map(pushed.filter(([, value]) => value !== ''))
    let spanId = new Uint8Array()
    for (const { key, str } of sampleLabels) {
      const name = text(key)
      const value = text(str)
      if (SPAN_LABELS.has(name)) spanId = SPAN_ID.test(value) ? Buffer.from(value, 'hex') : spanId
      else if (value !== '' && !labels.has(name)) labels.set(name, value)
    }
    const service = labels.get('service_name') ?? refuse('service name is not provided')
    // Pyroscope counts the name and whether it is a delta too.
    if (labels.size + 2 > MAX_LABELS) refuse(`the series has more than ${MAX_LABELS} labels`)
    const key = JSON.stringify([...labels])
    const series =
      known.get(key) ?? types.map((type) => new Labels([...labels, ['__service_name__', service], ...type]))
    known.set(key, series)
    return { series, spanId }
  }
}

/** The library reads 64 bits without a sign. */
function signed(value: Numeric): number {
  return Number(typeof value === 'bigint' ? BigInt.asIntN(64, value) : value)
}

/** Form of a field's content; a message is described by its own fields. */
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
 * @throws {Refusal} when it is not one
 */
export function decodePprof(bytes: Uint8Array): Profile {
  try {
    check(bytes, PROFILE)
    return Profile.decode(bytes)
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error)
    refuse(`the body is not a pprof profile: ${cause}`)
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
