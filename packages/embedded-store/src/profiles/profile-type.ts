import type {
  Profile,
  ProfilesDictionary,
  ValueType,
} from '../generated/opentelemetry/proto/profiles/v1development/profiles_pb.js'
import { MalformedError } from '../otlp/batch.ts'
import { at } from './dictionary.ts'

/** Type of a profile in Pyroscope's words: `name:sampleType:sampleUnit:periodType:periodUnit`. */
export interface ProfileType {
  readonly id: string
  readonly name: string
  readonly sampleType: string
  readonly sampleUnit: string
  readonly periodType: string
  readonly periodUnit: string
}

/** Splits a profile type id; a sixth part (`:delta`) is allowed as in Pyroscope. Undefined when it is none. */
export function parseProfileType(id: string): ProfileType | undefined {
  const parts = id.split(':')
  if (parts.length !== 5 && parts.length !== 6) return undefined
  const [name = '', sampleType = '', sampleUnit = '', periodType = '', periodUnit = ''] = parts
  const whole = [name, sampleType, sampleUnit, periodType, periodUnit].join(':')
  return { id: whole, name, sampleType, sampleUnit, periodType, periodUnit }
}

/**
 * Labels that carry the type of an OTLP profile, and what its values have to be multiplied with: samples of CPU time
 * (`samples:count:cpu:nanoseconds`) become nanoseconds, everything else takes its name from the period's type.
 *
 * @throws {MalformedError} when sample type or period are missing
 */
export function profileTypeOf(
  profile: Profile,
  dictionary: ProfilesDictionary,
): { labels: [string, string][]; factor: number } {
  const text = (index: number): string => at(dictionary.stringTable, index, 'string')
  const read = (type: ValueType | undefined): [string, string] =>
    type === undefined ? ['', ''] : [text(type.typeStrindex), text(type.unitStrindex)]
  if (profile.sampleType === undefined) throw new MalformedError('sample type is missing')
  let [sampleType, sampleUnit] = read(profile.sampleType)
  const [periodType, periodUnit] = read(profile.periodType)
  let name = periodType
  let factor = 1
  if (
    sampleType === 'off_cpu' &&
    sampleUnit === 'nanoseconds' &&
    (periodType === '' || profile.period === 0n)
  ) {
    name = 'off_cpu'
  } else if (profile.period === 0n || periodType === '') {
    throw new MalformedError('a profile needs a period type and a period other than 0')
  } else if (`${sampleType}:${sampleUnit}:${periodType}:${periodUnit}` === 'samples:count:cpu:nanoseconds') {
    name = 'process_cpu'
    sampleType = 'cpu'
    sampleUnit = 'nanoseconds'
    factor = Number(profile.period)
  }
  const labels: [string, string][] = [
    ['__name__', name],
    ['__type__', sampleType],
    ['__unit__', sampleUnit],
    ['__period_type__', periodType],
    ['__period_unit__', periodUnit],
    ['__profile_type__', [name, sampleType, sampleUnit, periodType, periodUnit].join(':')],
  ]
  return { labels, factor }
}
