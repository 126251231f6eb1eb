import { randomBytes } from 'node:crypto'
import type { Resource } from '@opentelemetry/resources'
import { PbfWriter } from 'pbf'
import { writeResource } from '../otlp/record-batch.ts'
import type { Dictionary } from './dictionary.ts'
import type { SampleOrigin } from './plugin.ts'
import type { Sample } from './samples.ts'

/** One value of the samples, sent as a profile of its own: Pyroscope reads one value type from each profile. */
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
  readonly samples: readonly Sample[]
  readonly valueTypes: readonly ValueType[]
}

export interface ProfileWindow {
  readonly startUnixMs: number
  readonly durationMs: number
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

const INITIAL_BYTES = 256 * 1024

/**
 * Writes profiles as one `ExportProfilesServiceRequest` of OTLP profiles, release 1.10.
 * @param dictionary that the samples' stacks are in
 */
export function encodeProfiles(
  collected: readonly CollectedProfile[],
  window: ProfileWindow,
  dictionary: Dictionary,
  { resource, sampleAttributes }: ProfileResource,
): { readonly body: Uint8Array; readonly samples: number } {
  const common = Object.entries(sampleAttributes).map(([key, value]) => dictionary.attribute(key, value))
  const profiles = collected.flatMap(({ samples, valueTypes }) => {
    const rows = samples.map((sample) => toRow(sample, dictionary, common))
    return valueTypes.map((valueType) => toProfile(valueType, rows, window, dictionary))
  })
  const pbf = new PbfWriter(new Uint8Array(INITIAL_BYTES))
  pbf.writeMessage(1, writeResourceProfiles, { resource, profiles })
  // Last, as what was done above is what fills it.
  pbf.writeMessage(2, (all, message) => all.write(message), dictionary)
  return { body: pbf.finish(), samples: profiles.reduce((sum, { rows }) => sum + rows.length, 0) }
}

interface Row {
  readonly stack: number
  readonly attributes: number[]
  readonly link: number
  readonly values: readonly number[]
}

function toRow({ stack, origin, values }: Sample, dictionary: Dictionary, common: number[]): Row {
  const link = origin?.spanId ? dictionary.link(origin.traceId, origin.spanId) : 0
  return { stack, values, link, attributes: attributesOf(origin, dictionary, common) }
}

function attributesOf(origin: SampleOrigin | undefined, dictionary: Dictionary, common: number[]): number[] {
  if (origin?.route !== undefined) return [...common, dictionary.attribute('http_route', origin.route)]
  if (origin?.destination === undefined) return common
  return [...common, dictionary.attribute('messaging_destination_name', origin.destination)]
}

interface Profile {
  readonly window: ProfileWindow
  readonly period: number
  readonly index: number
  readonly sampleType: readonly [type: number, unit: number]
  readonly periodType: readonly [type: number, unit: number]
  readonly rows: readonly Row[]
}

function toProfile(
  { index, type, unit, periodType, periodUnit, period }: ValueType,
  rows: readonly Row[],
  window: ProfileWindow,
  dictionary: Dictionary,
): Profile {
  return {
    window,
    period,
    index,
    sampleType: [dictionary.string(type), dictionary.string(unit)],
    periodType: [dictionary.string(periodType), dictionary.string(periodUnit)],
    rows: rows.filter(({ values }) => (values[index] ?? 0) > 0),
  }
}

function writeResourceProfiles(
  { resource, profiles }: { readonly resource: Uint8Array; readonly profiles: readonly Profile[] },
  pbf: PbfWriter,
): void {
  pbf.writeBytesField(1, resource)
  pbf.writeMessage(2, writeScopeProfiles, profiles)
}

function writeScopeProfiles(profiles: readonly Profile[], pbf: PbfWriter): void {
  for (const profile of profiles) pbf.writeMessage(2, writeProfile, profile)
}

function writeProfile(
  { window, period, index, sampleType, periodType, rows }: Profile,
  pbf: PbfWriter,
): void {
  pbf.writeMessage(1, writeValueType, sampleType)
  for (const row of rows) pbf.writeMessage(2, writeSample, { ...row, value: row.values[index] ?? 0 })
  pbf.writeTag(3, 1)
  pbf.writeFixed64(window.startUnixMs * 1e6)
  pbf.writeVarintField(4, Math.round(window.durationMs * 1e6))
  pbf.writeMessage(5, writeValueType, periodType)
  pbf.writeVarintField(6, period)
  pbf.writeBytesField(7, randomBytes(16))
}

function writeValueType([type, unit]: readonly [type: number, unit: number], pbf: PbfWriter): void {
  pbf.writeVarintField(1, type)
  pbf.writeVarintField(2, unit)
}

function writeSample(
  { stack, attributes, link, value }: Row & { readonly value: number },
  pbf: PbfWriter,
): void {
  pbf.writeVarintField(1, stack)
  pbf.writePackedVarint(2, attributes)
  if (link !== 0) pbf.writeVarintField(3, link)
  pbf.writePackedVarint(4, [Math.round(value)])
}

/** Resource attributes that profiles carry: Pyroscope makes each one a label of the series. */
const PROFILE_ATTRIBUTES = new Set([
  'service.name',
  'service.namespace',
  'service.version',
  'service.instance.id',
  'deployment.environment.name',
])

/** The part of a resource that goes with profiles, encoded, and the part that also stands on every sample. */
export function profileResource({ attributes }: Pick<Resource, 'attributes'>): ProfileResource {
  const listed = Object.entries(attributes).filter(([key]) => PROFILE_ATTRIBUTES.has(key))
  const pbf = new PbfWriter()
  writeResource({ attributes: Object.fromEntries(listed) }, pbf)
  return {
    resource: pbf.finish().slice(),
    sampleAttributes: {
      'service.name': String(attributes['service.name']),
      service_instance_id: String(attributes['service.instance.id']),
    },
  }
}
