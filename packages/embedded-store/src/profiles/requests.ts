import { z } from 'zod'
import { type RefusalWriter, writePlainRefusal } from '../http.ts'
import { Refusal } from '../refusal.ts'
import type { TimeRange } from './profile-index.ts'
import type { SampleSelection } from './samples.ts'
import { type Matcher, parseSelector } from './selector.ts'

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

/** Checks a request's JSON. @throws {Refusal} naming each field that is wrong or not supported */
export function parseRequest<Schema extends z.ZodType>(schema: Schema, json: unknown): z.output<Schema> {
  const parsed = schema.safeParse(json)
  if (parsed.success) return parsed.data
  const problems = parsed.error.issues.map((issue) =>
    issue.code === 'unrecognized_keys'
      ? `${issue.keys.map((key) => `"${key}"`).join(', ')} is not supported by the embedded store`
      : `"${issue.path.join('.')}" is not supported by the embedded store: ${issue.message}`,
  )
  throw new Refusal(400, problems.join('; '))
}

/** @throws {Refusal} when one end is missing or they are the wrong way round, as Pyroscope */
export function timeRange({ start, end }: { start: number; end: number }): TimeRange {
  if (start === 0 || end === 0) throw new Refusal(400, 'missing time range in the query')
  if (start > end) throw new Refusal(400, 'invalid query time range: start is after end')
  return { startMs: start, endMs: end }
}

/** What a selector, a profile type and a time range select. @throws {Refusal} */
export function selectionOf(request: z.output<z.ZodObject<typeof selection>>): SampleSelection {
  const range = timeRange(request)
  const type = parseProfileType(request.profileTypeID)
  if (type === undefined) {
    throw new Refusal(
      400,
      `profile-type selection must be of the form <name>:<sample-type>:<sample-unit>:<period-type>:<period-unit>(:delta), got "${request.profileTypeID}"`,
    )
  }
  const ofType: Matcher = { name: '__profile_type__', operator: '=', value: type.ID }
  return { range, matchers: [...parseSelector(request.labelSelector), ofType] }
}

/** @throws {Refusal} above Pyroscope's limit */
export function maxNodesOf(requested: number | undefined): number {
  const nodes = requested ?? 0
  if (nodes < 0) throw new Refusal(400, `max nodes limit must be set (max allowed ${LIMIT_MAX_NODES})`)
  if (nodes > LIMIT_MAX_NODES)
    throw new Refusal(400, `max nodes limit ${LIMIT_MAX_NODES} is exceeded by ${nodes}`)
  return nodes > 0 ? nodes : DEFAULT_MAX_NODES
}

/** Span ids of 16 hexadecimal digits. @throws {Refusal} of Pyroscope's code for it, which is not a caller's fault */
export function parseSpanSelector(ids: readonly string[]): string[] {
  return ids.map((id) => {
    if (!/^[0-9a-fA-F]{16}$/.test(id)) throw new Refusal(500, `invalid span id: "${id}"`)
    return id.toLowerCase()
  })
}

/**
 * Splits a profile type of Pyroscope's, `name:sampleType:sampleUnit:periodType:periodUnit`; a sixth part (`:delta`) is
 * allowed. Undefined for any other text.
 */
export function parseProfileType(id: string) {
  const parts = id.split(':')
  if (parts.length !== 5 && parts.length !== 6) return undefined
  const [name = '', sampleType = '', sampleUnit = '', periodType = '', periodUnit = ''] = parts
  const ID = [name, sampleType, sampleUnit, periodType, periodUnit].join(':')
  return { ID, name, sampleType, sampleUnit, periodType, periodUnit }
}

/** Codes of Connect for those of HTTP, see https://connectrpc.com/docs/protocol/#error-codes. */
const CODES: Readonly<Record<number, string>> = {
  400: 'invalid_argument',
  413: 'resource_exhausted',
  415: 'invalid_argument',
  422: 'unknown',
  429: 'resource_exhausted',
  500: 'unknown',
  501: 'unimplemented',
  503: 'unavailable',
}

/** Writes a refusal as a unary error of Connect, in JSON; other paths and methods than the API's are not Connect calls. */
export const writeConnectRefusal: RefusalWriter = (context, refusal) => {
  const { status, message } = refusal
  if (status === 404) {
    writePlainRefusal(context, refusal)
    return
  }
  context.status = status
  context.body = status === 405 ? '' : { code: CODES[status] ?? 'internal', message }
  if (status === 405) context.remove('Content-Type')
}
