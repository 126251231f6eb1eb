import { z } from 'zod'
import { ConnectError } from './connect.ts'
import type { TimeRange } from './profile-index.ts'
import { parseProfileType } from './profile-type.ts'
import { type SpanNumbers, spanNumbers } from './segment-index.ts'
import { type Matcher, parseSelector, SelectorError } from './selector.ts'

/** Pyroscope's default and limit of flame graph nodes. */
const DEFAULT_MAX_NODES = 8192
const LIMIT_MAX_NODES = 1_048_576

/** Protobuf JSON writes 64-bit integers as strings and reads both. */
const int64 = z.union([
  z.number().int(),
  z
    .string()
    .regex(/^-?\d+$/)
    .transform(Number),
])
const milliseconds = int64.default(0)
const matchers = z.array(z.string()).default([])
const names = z.array(z.string()).default([])
const selection = {
  start: milliseconds,
  end: milliseconds,
  profileTypeID: z.string().default(''),
  labelSelector: z.string().default(''),
}
/** Formats of the answer; 0 and 1 are `PROFILE_FORMAT_UNSPECIFIED` and `_FLAMEGRAPH`. */
const flameGraphFormat = z
  .enum(['PROFILE_FORMAT_UNSPECIFIED', 'PROFILE_FORMAT_FLAMEGRAPH'])
  .or(z.literal([0, 1]))
const tree = { ...selection, maxNodes: int64.optional(), format: flameGraphFormat.optional() }
const sumAggregation = z
  .enum(['TIME_SERIES_AGGREGATION_TYPE_SUM', 'TIME_SERIES_AGGREGATION_TYPE_AVERAGE'])
  .or(z.literal([0, 1]))

/** Requests of Pyroscope's querier service. Fields that the store does not know are refused, not ignored. */
export const requests = {
  ProfileTypes: z.strictObject({ start: milliseconds, end: milliseconds }),
  LabelNames: z.strictObject({ start: milliseconds, end: milliseconds, matchers }),
  LabelValues: z.strictObject({
    start: milliseconds,
    end: milliseconds,
    matchers,
    name: z.string().default(''),
  }),
  Series: z.strictObject({ start: milliseconds, end: milliseconds, matchers, labelNames: names }),
  SelectMergeStacktraces: z.strictObject(tree),
  SelectMergeSpanProfile: z.strictObject({ ...tree, spanSelector: z.array(z.string()).default([]) }),
  SelectSeries: z.strictObject({
    ...selection,
    groupBy: names,
    step: z.number().positive(),
    aggregation: sumAggregation.optional(),
    limit: int64.optional(),
  }),
}

/** Checks a request's JSON. @throws {ConnectError} naming each field that is wrong or not supported */
export function parseRequest<Schema extends z.ZodType>(schema: Schema, json: unknown): z.output<Schema> {
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? `${issue.keys.map((key) => `"${key}"`).join(', ')} is not supported by the embedded store`
      : `"${issue.path.join('.')}" is not supported by the embedded store: ${issue.message}`,
  )
  throw new ConnectError('invalid_argument', problems.join('; '))
}

/** @throws {ConnectError} when one end is missing or they are the wrong way round, as Pyroscope */
export function timeRange({ start, end }: { start: number; end: number }): TimeRange {
  if (start === 0 || end === 0) throw new ConnectError('invalid_argument', 'missing time range in the query')
  if (start > end) throw new ConnectError('invalid_argument', 'invalid query time range: start is after end')
  return { startMs: start, endMs: end }
}

/** Matchers of several selectors; all must fit. @throws {ConnectError} */
export function allMatchers(selectors: readonly string[]): Matcher[] {
  try {
    return selectors.flatMap((selector) => parseSelector(selector))
  } catch (error) {
    if (error instanceof SelectorError) throw new ConnectError('invalid_argument', error.message)
    throw error
  }
}

/** Matchers of a selector and a profile type. @throws {ConnectError} */
export function selectionMatchers(request: { profileTypeID: string; labelSelector: string }): Matcher[] {
  const type = parseProfileType(request.profileTypeID)
  if (type === undefined) {
    throw new ConnectError(
      'invalid_argument',
      `profile-type selection must be of the form <name>:<sample-type>:<sample-unit>:<period-type>:<period-unit>(:delta), got "${request.profileTypeID}"`,
    )
  }
  return [
    ...allMatchers([request.labelSelector]),
    { name: '__profile_type__', operator: '=', value: type.id },
  ]
}

/** @throws {ConnectError} above Pyroscope's limit */
export function maxNodesOf(requested: number | undefined): number {
  const nodes = requested ?? 0
  if (nodes < 0) {
    throw new ConnectError('invalid_argument', `max nodes limit must be set (max allowed ${LIMIT_MAX_NODES})`)
  }
  if (nodes > LIMIT_MAX_NODES) {
    throw new ConnectError('invalid_argument', `max nodes limit ${LIMIT_MAX_NODES} is exceeded by ${nodes}`)
  }
  return nodes > 0 ? nodes : DEFAULT_MAX_NODES
}

/** Span ids of 16 hexadecimal digits. @throws {ConnectError} of Pyroscope's code for it, which is not a caller's fault */
export function parseSpanSelector(ids: readonly string[]): SpanNumbers[] {
  return ids.map((id) => {
    if (!/^[0-9a-fA-F]{16}$/.test(id)) throw new ConnectError('unknown', `invalid span id: "${id}"`)
    return spanNumbers(Buffer.from(id, 'hex'))
  })
}
