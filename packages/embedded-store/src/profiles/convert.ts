import type { ExportProfilesServiceRequest } from '../generated/opentelemetry/proto/collector/profiles/v1development/profiles_service_pb.js'
import type { AnyValue, KeyValue } from '../generated/opentelemetry/proto/common/v1/common_pb.js'
import type {
  Profile,
  ProfilesDictionary,
  Sample,
} from '../generated/opentelemetry/proto/profiles/v1development/profiles_pb.js'
import { MalformedError } from '../otlp/batch.ts'
import { at } from './dictionary.ts'
import { Labels } from './labels.ts'
import { profileTypeOf } from './profile-type.ts'

const SERVICE_NAME = 'service.name'
const UNKNOWN_SERVICE = 'unknown_service'

/** One sample as Pyroscope would keep it. */
export interface ConvertedSample {
  readonly labels: Labels
  /** Key in the batch's `stacks`. */
  readonly stack: number
  readonly value: number
  /** Span that was active, 8 bytes; empty for none. */
  readonly spanId: Uint8Array
}

export interface ConvertedProfile {
  /** Milliseconds since the epoch. */
  readonly timeMs: number
  readonly samples: readonly ConvertedSample[]
}

export interface ConvertedBatch {
  readonly profiles: readonly ConvertedProfile[]
  /** Function names of each stack, leaf first; inlined calls are frames of their own. */
  readonly stacks: ReadonlyMap<number, readonly string[]>
}

/**
 * Gives the profiles of an export request the types and labels that Pyroscope gives them: `service_name` from the
 * sample, else from the resource; resource, scope and sample attributes as labels under their own names; the span of
 * the sample's link, whose trace is no label, as from Pyroscope 2.1 on. References of the 1.10 layout into the string table are resolved in attributes too.
 *
 * @see https://github.com/grafana/pyroscope/blob/v2.0.6/pkg/ingester/otlp/convert.go
 * @throws {MalformedError} for what Pyroscope refuses: an index out of bounds, no dictionary, no period; and for a
 *   profile without a time, which Pyroscope would date by its arrival
 */
export function convertProfiles(request: ExportProfilesServiceRequest): ConvertedBatch {
  const dictionary = request.dictionary
  // Pyroscope's status for it, with which the collector does not send it again either.
  if (dictionary === undefined) throw new MalformedError('missing profile metadata dictionary', 500)
  const stacks = new Map<number, readonly string[]>()
  const profiles = request.resourceProfiles.flatMap(({ resource, scopeProfiles }) => {
    const resourceLabels = attributeLabels(resource?.attributes ?? [], dictionary)
    return scopeProfiles.flatMap(({ scope, profiles }) => {
      const shared = new Map([...attributeLabels(scope?.attributes ?? [], dictionary), ...resourceLabels])
      return profiles.map((profile) => convertProfile(profile, shared, dictionary, stacks))
    })
  })
  return { profiles, stacks }
}

function convertProfile(
  profile: Profile,
  shared: ReadonlyMap<string, string>,
  dictionary: ProfilesDictionary,
  stacks: Map<number, readonly string[]>,
): ConvertedProfile {
  if (profile.timeUnixNano === 0n) throw new MalformedError('a profile needs a time')
  const type = profileTypeOf(profile, dictionary)
  const labelsByAttributes = new Map<string, Labels>()
  const labelsOf = (sample: Sample): Labels => {
    const key = sample.attributeIndices.join()
    const labels =
      labelsByAttributes.get(key) ?? seriesLabels(shared, sampleLabels(sample, dictionary), type.labels)
    labelsByAttributes.set(key, labels)
    return labels
  }
  const samples = profile.samples.map((sample): ConvertedSample => {
    const stack = sample.stackIndex
    if (!stacks.has(stack)) stacks.set(stack, framesOf(dictionary, stack))
    const link = sample.linkIndex === 0 ? undefined : at(dictionary.linkTable, sample.linkIndex, 'link')
    const value = sampleValue(sample) * type.factor
    return { labels: labelsOf(sample), stack, value, spanId: link?.spanId ?? new Uint8Array() }
  })
  return { timeMs: Number(profile.timeUnixNano / 1_000_000n), samples }
}

function seriesLabels(
  shared: ReadonlyMap<string, string>,
  own: ReadonlyMap<string, string>,
  type: readonly (readonly [string, string])[],
): Labels {
  const labels = new Map([...shared, ...own])
  const serviceName = labels.get(SERVICE_NAME) || UNKNOWN_SERVICE
  labels.delete(SERVICE_NAME)
  return Labels.of([
    ...labels,
    ['__otel__', 'true'],
    ['__service_name__', serviceName],
    ['service_name', serviceName],
    ...type,
  ])
}

function framesOf(dictionary: ProfilesDictionary, stack: number): string[] {
  return at(dictionary.stackTable, stack, 'stack').locationIndices.flatMap((locationIndex) => {
    const location = at(dictionary.locationTable, locationIndex, 'location')
    const mapping = at(dictionary.mappingTable, location.mappingIndex, 'mapping')
    if (location.lines.length === 0) {
      const file = at(dictionary.stringTable, mapping.filenameStrindex, 'string')
      return [`${file === '' ? 'unknown' : file} 0x${location.address.toString(16)}`]
    }
    return location.lines.map((line) => {
      const { nameStrindex } = at(dictionary.functionTable, line.functionIndex, 'function')
      return at(dictionary.stringTable, nameStrindex, 'string')
    })
  })
}

/** A sample without values stands for its timestamps; one with several (off-CPU) for their sum. */
function sampleValue({ values, timestampsUnixNano }: Sample): number {
  if (values.length === 0 && timestampsUnixNano.length === 0) {
    throw new MalformedError('a profile sample has neither value nor timestamp')
  }
  return values.length === 0
    ? timestampsUnixNano.length
    : Number(values.reduce((sum, value) => sum + value, 0n))
}

function sampleLabels(sample: Sample, dictionary: ProfilesDictionary): Map<string, string> {
  const labels = new Map<string, string>()
  for (const index of sample.attributeIndices) {
    const { keyStrindex, value } = at(dictionary.attributeTable, index, 'attribute')
    addLabel(labels, at(dictionary.stringTable, keyStrindex, 'string'), value, dictionary)
  }
  return labels
}

function attributeLabels(
  attributes: readonly KeyValue[],
  dictionary: ProfilesDictionary,
): Map<string, string> {
  const labels = new Map<string, string>()
  for (const { key, keyStrindex, value } of attributes) {
    addLabel(labels, key === '' ? at(dictionary.stringTable, keyStrindex, 'string') : key, value, dictionary)
  }
  return labels
}

function addLabel(
  labels: Map<string, string>,
  key: string,
  value: AnyValue | undefined,
  dictionary: ProfilesDictionary,
): void {
  const text = textOf(value, dictionary)
  if (text === '') return
  labels.set(key, text)
}

function textOf(value: AnyValue | undefined, dictionary: ProfilesDictionary): string {
  switch (value?.value.case) {
    case 'stringValue':
      return value.value.value
    case 'intValue':
      return String(value.value.value)
    case 'stringValueStrindex':
      return at(dictionary.stringTable, value.value.value, 'string')
    case 'arrayValue': {
      const [only, ...others] = value.value.value.values
      return others.length === 0 ? textOf(only, dictionary) : ''
    }
    default:
      return ''
  }
}
