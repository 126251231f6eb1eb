import {
  Label,
  Line,
  Location,
  Function as PprofFunction,
  Profile,
  Sample,
  StringTable,
  ValueType,
} from 'pprof-format'

export interface PlainPprofSample {
  /** Function names, leaf first; several for a location with inlined calls. */
  readonly frames: readonly (string | readonly string[])[]
  /** One for each of the profile's types. */
  readonly values: readonly number[]
  readonly labels?: Readonly<Record<string, string | number>>
}

/** A pprof profile as tests write it. */
export interface PlainPprof {
  readonly types: readonly (readonly [type: string, unit: string])[]
  readonly periodType?: readonly [type: string, unit: string]
  /** None for a profile that does not tell its time. */
  readonly timeMs?: number
  readonly samples: readonly PlainPprofSample[]
}

/** What `@pyroscope/nodejs` sends with CPU time. */
export const WALL = {
  types: [
    ['samples', 'count'],
    ['wall', 'nanoseconds'],
    ['cpu', 'nanoseconds'],
  ],
  periodType: ['wall', 'nanoseconds'],
} as const

/** What `@pyroscope/nodejs` sends for memory, which renames the period's type too. */
export const HEAP = {
  types: [
    ['inuse_objects', 'count'],
    ['inuse_space', 'bytes'],
  ],
  periodType: ['inuse_space', 'bytes'],
} as const

/** Profile in the form of the library, each frame a location of its own. */
export function pprofProfile({ types, periodType, timeMs, samples }: PlainPprof): Profile {
  const stringTable = new StringTable()
  const location: Location[] = []
  const functions = new Map<string, PprofFunction>()
  const text = (value: string): number => stringTable.dedup(value)
  const valueType = ([type, unit]: readonly [string, string]): ValueType =>
    new ValueType({ type: text(type), unit: text(unit) })
  const line = (name: string): Line => {
    const known = functions.get(name) ?? new PprofFunction({ id: functions.size + 1, name: text(name) })
    functions.set(name, known)
    return new Line({ functionId: known.id, line: 1 })
  }
  const locationId = (frame: string | readonly string[]): number =>
    location.push(new Location({ id: location.length + 1, line: [frame].flat().map(line) }))
  const label = ([key, value]: [string, string | number]): Label =>
    new Label({ key: text(key), ...(typeof value === 'number' ? { num: value } : { str: text(value) }) })
  const sample = samples.map(
    ({ frames, values, labels = {} }) =>
      new Sample({
        locationId: frames.map(locationId),
        value: [...values],
        label: Object.entries(labels).map(label),
      }),
  )
  return new Profile({
    sampleType: types.map(valueType),
    sample,
    location,
    function: [...functions.values()],
    stringTable,
    timeNanos: BigInt(timeMs ?? 0) * 1_000_000n,
    ...(periodType !== undefined && { periodType: valueType(periodType) }),
  })
}
