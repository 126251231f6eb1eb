import { randomBytes } from 'node:crypto'
import { PbfWriter } from 'pbf'
import { Dictionary } from './dictionary.ts'
import type { PprofProfile } from './pprof.ts'

/** What a sample ran for. */
export interface SampleOrigin {
  readonly route: string | undefined
  readonly span: { readonly traceId: string; readonly spanId: string } | undefined
}

/** One value of the samples as a profile of its own: Pyroscope reads one value type a profile. */
export interface ValueType {
  /** Position among the sample's values. */
  readonly index: number
  readonly type: string
  readonly unit: string
  readonly periodType: string
  readonly periodUnit: string
  readonly period: number
}

export interface CollectedProfile {
  readonly profile: PprofProfile
  readonly startUnixMs: number
  readonly durationMs: number
  readonly valueTypes: readonly ValueType[]
  /** Origins by the number in a sample's label `origin`. */
  readonly origins: readonly SampleOrigin[]
}

export interface ProfileResource {
  /** The encoded `Resource` message. */
  readonly resource: Uint8Array
  /**
   * Attributes of every sample. The collector's path to Pyroscope loses those of the resource, which would
   * file the profile under an unknown service.
   */
  readonly sampleAttributes: Readonly<Record<string, string>>
}

/** Label under which a sample carries the position of its origin. */
export const ORIGIN_LABEL = 'origin'

export interface EncodedProfiles {
  readonly body: Uint8Array
  readonly samples: number
}

/** Writes pprof profiles as one `ExportProfilesServiceRequest` of OTLP profiles, release 1.10. */
export function encodeProfiles(
  collected: readonly CollectedProfile[],
  resource: ProfileResource,
): EncodedProfiles {
  const dictionary = new Dictionary()
  const common = Object.entries(resource.sampleAttributes).map(([key, value]) =>
    dictionary.attribute(key, value),
  )
  const profiles = collected.flatMap((one) => translate(one, dictionary, common))
  const pbf = new PbfWriter(new Uint8Array(256 * 1024))
  pbf.writeMessage(1, writeResourceProfiles, { resource: resource.resource, profiles })
  // Last, as translating is what fills it.
  pbf.writeMessage(2, (shared: Dictionary, writer) => shared.write(writer), dictionary)
  return { body: pbf.finish(), samples: profiles.reduce((sum, { samples }) => sum + samples.length, 0) }
}

interface Sample {
  readonly stack: number
  readonly attributes: readonly number[]
  readonly link: number
  readonly value: number
}

interface Profile {
  readonly source: CollectedProfile
  readonly valueType: ValueType
  readonly types: {
    readonly type: number
    readonly unit: number
    readonly periodType: number
    readonly periodUnit: number
  }
  readonly samples: readonly Sample[]
}

function translate(source: CollectedProfile, dictionary: Dictionary, common: readonly number[]): Profile[] {
  const { profile, origins, valueTypes } = source
  const strings = profile.stringTable.strings
  const text = (index: unknown): string => strings[Number(index)] ?? ''
  const functions = new Map<number, number>()
  for (const fn of profile.function) {
    functions.set(Number(fn.id), dictionary.addFunction(text(fn.name), text(fn.filename)))
  }
  const locations = new Map<number, number>()
  for (const { id, line } of profile.location) {
    const [first] = line
    const functionIndex = functions.get(Number(first?.functionId)) ?? 0
    locations.set(Number(id), dictionary.addLocation(functionIndex, Number(first?.line ?? 0)))
  }
  // Samples of one place in the tree share one array of ids.
  const stacks = new Map<unknown, number>()
  const stackOf = (ids: readonly unknown[]): number => {
    let stack = stacks.get(ids)
    if (stack === undefined) {
      stack = dictionary.stack(ids.map((id) => locations.get(Number(id)) ?? 0))
      stacks.set(ids, stack)
    }
    return stack
  }
  const places = origins.map(({ route, span }) => ({
    attributes: route === undefined ? common : [...common, dictionary.attribute('http_route', route)],
    link: span ? dictionary.addLink(span.traceId, span.spanId) : 0,
  }))
  const nowhere = { attributes: common, link: 0 }
  const rows = profile.sample.map(({ locationId, label, value }) => {
    const origin = label.find(({ key }) => text(key) === ORIGIN_LABEL)
    const { attributes, link } = (origin && places[Number(origin.num)]) ?? nowhere
    return { stack: stackOf(locationId), attributes, link, value }
  })
  return valueTypes.map((valueType) => ({
    source,
    valueType,
    types: {
      type: dictionary.string(valueType.type),
      unit: dictionary.string(valueType.unit),
      periodType: dictionary.string(valueType.periodType),
      periodUnit: dictionary.string(valueType.periodUnit),
    },
    samples: rows
      .map(({ value, ...rest }) => ({ ...rest, value: Number(value[valueType.index] ?? 0) }))
      .filter(({ value }) => value > 0),
  }))
}

interface ResourceProfiles {
  readonly resource: Uint8Array
  readonly profiles: readonly Profile[]
}

function writeResourceProfiles({ resource, profiles }: ResourceProfiles, pbf: PbfWriter): void {
  pbf.writeBytesField(1, resource)
  pbf.writeMessage(2, writeScopeProfiles, profiles)
}

function writeScopeProfiles(profiles: readonly Profile[], pbf: PbfWriter): void {
  for (const profile of profiles) pbf.writeMessage(2, writeProfile, profile)
}

function writeProfile({ source, valueType, types, samples }: Profile, pbf: PbfWriter): void {
  pbf.writeMessage(1, writeValueType, { type: types.type, unit: types.unit })
  for (const sample of samples) pbf.writeMessage(2, writeSample, sample)
  pbf.writeTag(3, 1)
  pbf.writeFixed64(source.startUnixMs * 1e6)
  pbf.writeVarintField(4, Math.round(source.durationMs * 1e6))
  pbf.writeMessage(5, writeValueType, { type: types.periodType, unit: types.periodUnit })
  pbf.writeVarintField(6, valueType.period)
  pbf.writeBytesField(7, randomBytes(16))
}

function writeValueType({ type, unit }: { type: number; unit: number }, pbf: PbfWriter): void {
  pbf.writeVarintField(1, type)
  pbf.writeVarintField(2, unit)
}

function writeSample({ stack, attributes, link, value }: Sample, pbf: PbfWriter): void {
  pbf.writeVarintField(1, stack)
  pbf.writePackedVarint(2, attributes as number[])
  if (link !== 0) pbf.writeVarintField(3, link)
  pbf.writePackedVarint(4, [value])
}
