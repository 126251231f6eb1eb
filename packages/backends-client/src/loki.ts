import * as z from 'zod'
import { type BackendOptions, createBackendHttp } from './http.ts'
import { instantAnswer, type Labels, labels, type TimeRange } from './prometheus.ts'
import { fromNanoseconds, toNanoseconds } from './time.ts'

// Shapes of https://grafana.com/docs/loki/latest/reference/loki-http-api/ with labels categorized.

/** A log line with all that is known about it. */
export interface LogEntry {
  /** Epoch milliseconds, with fractions for what is finer. */
  readonly timeMs: number
  readonly line: string
  /** Index labels of its stream. */
  readonly labels: Labels
  /** Structured metadata: `trace_id`, `span_id` and OTLP attributes with `.` turned into `_`. */
  readonly metadata: Labels
}

const nanoseconds = z
  .string()
  .regex(/^\d+$/)
  .transform((text) => fromNanoseconds(text))
const categories = z.object({ structuredMetadata: labels.default({}) })

const stream = z
  .object({
    stream: labels,
    values: z.array(
      z.union([z.tuple([nanoseconds, z.string(), categories]), z.tuple([nanoseconds, z.string()])]),
    ),
  })
  .transform(({ stream, values }): LogEntry[] =>
    values.map(([timeMs, line, found]) => {
      return { timeMs, line, labels: stream, metadata: found?.structuredMetadata ?? {} }
    }),
  )

export const linesAnswer = z
  .object({
    status: z.literal('success'),
    data: z.object({ resultType: z.literal('streams'), result: z.array(stream) }),
  })
  .transform(({ data: { result } }) => ({ entries: result.flat(), streams: result.length }))

/** Where nothing matches, `data` is left out. */
export const namesAnswer = z
  .object({ status: z.literal('success'), data: z.array(z.string()).nullish() })
  .transform(({ data }) => data ?? [])

export interface LinesOptions extends TimeRange {
  /** Most entries. Default: the server's, 100. */
  readonly limit?: number
  /** Newest first (`backward`, the default) or oldest first; says which entries a limit keeps. */
  readonly direction?: 'forward' | 'backward'
}

/** Keeps index labels, structured metadata and parsed labels apart; without it all three come mixed. */
const CATEGORIZED = { 'x-loki-response-encoding-flags': 'categorize-labels' }

export type LokiClient = ReturnType<typeof createLokiClient>

/**
 * Client of Loki's query API.
 * @see https://grafana.com/docs/loki/latest/reference/loki-http-api/
 */
export function createLokiClient(options: BackendOptions) {
  const http = createBackendHttp('loki', options)
  return {
    /** Evaluates a metric query at one time in epoch ms. */
    query(logql: string, { timeMs }: { timeMs: number }) {
      const form = { query: logql, time: toNanoseconds(timeMs) }
      return http.json({ path: 'loki/api/v1/query', query: logql, form }, instantAnswer)
    },
    /** Log lines over a range, and how many streams they are from. */
    queryRange(logql: string, { limit, direction, ...during }: LinesOptions) {
      const form = { query: logql, ...range(during), limit: limit?.toString(), direction }
      const path = 'loki/api/v1/query_range'
      return http.json({ path, query: logql, form, headers: CATEGORIZED }, linesAnswer)
    },
    /** Values of an index label, of all streams or of those that `selector` matches. */
    labelValues(label: string, { selector, ...during }: TimeRange & { selector?: string | undefined }) {
      const parameters = { ...range(during), query: selector }
      const path = `loki/api/v1/label/${encodeURIComponent(label)}/values`
      return http.json({ path, query: `values of label ${label}`, parameters }, namesAnswer)
    },
    /** Resolves when queries are served; rejects with a {@link BackendError} otherwise. */
    async ready() {
      await http.text({ path: 'ready', query: 'readiness' })
    },
  }
}

function range({ startMs, endMs }: TimeRange) {
  return { start: toNanoseconds(startMs), end: toNanoseconds(endMs) }
}
