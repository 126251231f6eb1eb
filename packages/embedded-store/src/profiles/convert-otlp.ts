import type { ExportProfilesServiceRequest } from '../generated/opentelemetry/proto/collector/profiles/v1development/profiles_service_pb.js'
import type { AnyValue, KeyValue } from '../generated/opentelemetry/proto/common/v1/common_pb.js'
import type {
  Profile,
  ProfilesDictionary,
  Sample,
  ValueType,
} from '../generated/opentelemetry/proto/profiles/v1development/profiles_pb.js'
import { Refusal } from '../refusal.ts'
import { Labels } from './selector.ts'

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

interface ConvertedProfile {
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
 * the sample's link, whose trace is no label, as from Pyroscope 2.1 on. References of the 1.10 layout into the string
 * table are resolved in attributes too.
 *
 * @see https://github.com/grafana/pyroscope/blob/v2.0.6/pkg/ingester/otlp/convert.go
 * @throws {Refusal} for what Pyroscope refuses: an index out of bounds, no dictionary, no period; and for a
 *   profile without a time, which Pyroscope would date by its arrival
 */
export function convertProfiles(request: ExportProfilesServiceRequest): ConvertedBatch {
  const dictionary = request.dictionary
  // Pyroscope's status for it, with which the collector does not send it again either.
  if (dictionary === undefined) throw new Refusal(500, 'missing profile metadata dictionary')
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
  if (profile.timeUnixNano === 0n) throw new Refusal(400, 'a profile needs a time')
  const type = profileTypeOf(profile, dictionary)
  const labelsByAttributes = new Map<string, Labels>()
  const labelsOf = (sample: Sample): Labels => {
    const key = sample.attributeIndices.join()
    const labels =
      labelsByAttributes.get(key) ??
      seriesLabels([...shared, ...sampleLabels(sample, dictionary)], type.labels)
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

/** The type's labels and those of resource, scope and sample; of two with one name the later counts. */
function seriesLabels(pairs: readonly [string, string][], type: readonly [string, string][]): Labels {
  const labels = new Map(pairs)
  const serviceName = labels.get(SERVICE_NAME) || UNKNOWN_SERVICE
  labels.delete(SERVICE_NAME)
  return new Labels([
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
    throw new Refusal(400, 'a profile sample has neither value nor timestamp')
  }
  return values.length === 0
    ? timestampsUnixNano.length
    : Number(values.reduce((sum, value) => sum + value, 0n))
}

function sampleLabels(sample: Sample, dictionary: ProfilesDictionary): Map<string, string> {
  const rows = sample.attributeIndices.map((index) => at(dictionary.attributeTable, index, 'attribute'))
  return attributeLabels(rows, dictionary)
}

/** Labels with a text; the key stands in the attribute itself, or in the table of strings. */
function attributeLabels(
  attributes: readonly (Pick<KeyValue, 'keyStrindex' | 'value'> & { readonly key?: string })[],
  dictionary: ProfilesDictionary,
): Map<string, string> {
  const labels = new Map<string, string>()
  for (const { key, keyStrindex, value } of attributes) {
    const name = key || at(dictionary.stringTable, keyStrindex, 'string')
    const text = textOf(value, dictionary)
    if (text !== '') labels.set(name, text)
  }
  return labels
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

/**
 * Labels that carry the type of an OTLP profile, and what its values have to be multiplied with: samples of CPU time
 * (`samples:count:cpu:nanoseconds`) become nanoseconds, everything else takes its name from the period's type.
 *
 * @throws {Refusal} when sample type or period are missing
 */
function profileTypeOf(
  profile: Profile,
  dictionary: ProfilesDictionary,
): { labels: readonly [string, string][]; factor: number } {
  const text = (index: number): string => at(dictionary.stringTable, index, 'string')
  const read = (type: ValueType | undefined): [string, string] =>
    type === undefined ? ['', ''] : [text(type.typeStrindex), text(type.unitStrindex)]
  if (profile.sampleType === undefined) throw new Refusal(400, 'sample type is missing')
  const sample = read(profile.sampleType)
  const period = read(profile.periodType)
  const hasPeriod = profile.period !== 0n && period[0] !== ''
  if (!hasPeriod) {
    if (sample.join(':') === 'off_cpu:nanoseconds') {
      return { labels: typeLabels('off_cpu', sample, period), factor: 1 }
    }
    throw new Refusal(400, 'a profile needs a period type and a period other than 0')
  }
  if ([...sample, ...period].join(':') === 'samples:count:cpu:nanoseconds') {
    const labels = typeLabels('process_cpu', ['cpu', 'nanoseconds'], period)
    return { labels, factor: Number(profile.period) }
  }
  return { labels: typeLabels(period[0], sample, period), factor: 1 }
}

/** Labels that carry the type of a profile. */
export function typeLabels(
  name: string,
  [sampleType, sampleUnit]: readonly [string, string],
  [periodType, periodUnit]: readonly [string, string],
): [string, string][] {
  return [
    ['__name__', name],
    ['__type__', sampleType],
    ['__unit__', sampleUnit],
    ['__period_type__', periodType],
    ['__period_unit__', periodUnit],
    ['__profile_type__', [name, sampleType, sampleUnit, periodType, periodUnit].join(':')],
  ]
}

/** Row of one of the tables of a profiles dictionary. @throws {Refusal} when it is not there */
function at<T>(table: readonly T[], index: number, what: string): T {
  const row = table[index]
  if (row === undefined) throw new Refusal(400, `profile refers to ${what} ${index}, which is out of bounds`)
  return row
}
