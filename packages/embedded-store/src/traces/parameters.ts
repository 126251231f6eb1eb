import type { Context } from 'koa'
import { z } from 'zod'
import { RequestError } from '../http/errors.ts'
import type { TimeWindow } from './search.ts'
import type { Spanset } from './traceql/ast.ts'
import { TraceqlError } from './traceql/error.ts'
import { parseTraceql } from './traceql/parser.ts'

/** Tempo's defaults. */
const DEFAULT_LIMIT = 20
const DEFAULT_SPANS_PER_SPANSET = 3
/** Tempo's default `query_backend_after`. */
const DEFAULT_WINDOW_MS = 900_000
/** Tempo's default `max_spans_per_span_set`. */
const MAX_SPANS_PER_SPANSET = 100

const seconds = z.coerce.number().int().nonnegative()
const count = z.coerce.number().int().nonnegative()

/**
 * The query's `start` and `end`, seconds since the epoch; both missing means the last quarter of an hour, and an end in the
 * future now. @throws {RequestError}
 */
export function parseWindow(context: Context): TimeWindow {
  const start = optional(context, 'start', seconds) ?? 0
  const end = optional(context, 'end', seconds) ?? 0
  const nowMs = Date.now()
  if (start === 0 && end === 0) return { startMs: nowMs - DEFAULT_WINDOW_MS, endMs: nowMs }
  if (start === 0)
    throw new RequestError(400, 'only one of start and end provided: must provide both or neither')
  const cutEnd = Math.min(end, Math.floor(nowMs / 1000))
  if (end <= start || cutEnd === start) {
    throw new RequestError(
      400,
      `http parameter start must be before end. received start=${start} end=${cutEnd}`,
    )
  }
  // What has not begun yet: Tempo looks at the last quarter of an hour instead.
  if (cutEnd < start) return { startMs: nowMs - DEFAULT_WINDOW_MS, endMs: nowMs }
  return { startMs: start * 1000, endMs: cutEnd === end ? end * 1000 : nowMs }
}

/** Refuses a window that is none, where one says only where to look. @throws {RequestError} */
export function checkWindow(context: Context): void {
  const start = optional(context, 'start', seconds) ?? 0
  const end = optional(context, 'end', seconds) ?? 0
  if (start !== 0 && end !== 0 && end <= start) {
    throw new RequestError(400, `http parameter start must be before end. received start=${start} end=${end}`)
  }
}

/** The query's `limit` (traces) and `spss` (spans of each in the answer). @throws {RequestError} */
export function parseLimits(context: Context): { limit: number; spansPerSpanset: number } {
  const limit = optional(context, 'limit', count) ?? DEFAULT_LIMIT
  if (limit === 0) throw new RequestError(400, 'invalid limit: must be a positive number')
  const spansPerSpanset = optional(context, 'spss', count) ?? DEFAULT_SPANS_PER_SPANSET
  if (spansPerSpanset > MAX_SPANS_PER_SPANSET) {
    throw new RequestError(
      400,
      `spans per span set exceeds ${MAX_SPANS_PER_SPANSET}. received ${spansPerSpanset}`,
    )
  }
  return { limit, spansPerSpanset: spansPerSpanset === 0 ? DEFAULT_SPANS_PER_SPANSET : spansPerSpanset }
}

/** The query's TraceQL `q`; everything when it is missing. @throws {RequestError} naming what is not supported */
export function parseQuery(context: Context): Spanset {
  return refusing(() => parseTraceql(textParameter(context, 'q') || '{}'))
}

/**
 * The query's `q` where it comes from somebody who is still typing it: everything as long as it cannot be read.
 * @throws {RequestError} naming what is not supported
 */
export function parseUnfinishedQuery(context: Context): Spanset {
  try {
    return parseTraceql(textParameter(context, 'q') || '{}')
  } catch (error) {
    if (!(error instanceof TraceqlError)) throw error
    if (error.isUnsupported) throw new RequestError(400, error.message)
    return parseTraceql('{}')
  }
}

/** Turns what TraceQL refuses into a refusal of the request. */
export function refusing<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    if (error instanceof TraceqlError) throw new RequestError(400, error.message)
    throw error
  }
}

/** First value of a parameter, empty when it is missing. */
export function textParameter(context: Context, name: string): string {
  const value = context.query[name]
  return (Array.isArray(value) ? value[0] : value) ?? ''
}

/** Refuses parameters that would be ignored in silence. @throws {RequestError} naming the parameter */
export function refuseUnknown(context: Context, known: readonly string[]): void {
  for (const name of Object.keys(context.query)) {
    if (!known.includes(name)) {
      throw new RequestError(400, `parameter "${name}" is not supported by the embedded store`)
    }
  }
}

function optional(context: Context, name: string, schema: z.ZodType<number>): number | undefined {
  const value = context.query[name]
  if (value === undefined || value === '') return undefined
  const parsed = schema.safeParse(value)
  if (!parsed.success) throw new RequestError(400, `invalid ${name}: ${String(value)}`)
  return parsed.data
}
