import * as z from 'zod'
import { type BackendOptions, createBackendHttp } from './http.ts'
import { toSeconds } from './time.ts'

// Shapes of https://prometheus.io/docs/prometheus/latest/querying/api/. Fields that are not read may come and go.

/** A range of time, both ends in epoch ms. */
export interface TimeRange {
  readonly startMs: number
  readonly endMs: number
}

/** Prometheus writes sample values as text: `1.5e3`, `NaN`, `+Inf`, `-Inf`. */
export const sampleValue: z.ZodType<number> = z.string().transform((text, context) => {
  if (text === '+Inf') return Number.POSITIVE_INFINITY
  if (text === '-Inf') return Number.NEGATIVE_INFINITY
  if (text === 'NaN') return Number.NaN
  const value = Number(text)
  if (text.trim() !== '' && !Number.isNaN(value)) return value
  context.addIssue({ code: 'custom', message: `not a sample value: ${JSON.stringify(text)}` })
  return z.NEVER
})

const seconds = z.number().transform((value) => Math.round(value * 1000))
export const labels: z.ZodType<Readonly<Record<string, string>>> = z.record(z.string(), z.string())
/** Names and values of a series, `__name__` among them. */
export type Labels = z.infer<typeof labels>

/** RFC 3339; Go's zero time means "never". */
const time = z.string().transform((text, context): number | undefined => {
  if (text.startsWith('0001-01-01')) return undefined
  const ms = Date.parse(text)
  if (!Number.isNaN(ms)) return ms
  context.addIssue({ code: 'custom', message: `not a time: ${JSON.stringify(text)}` })
  return z.NEVER
})

const sample = z.tuple([seconds, sampleValue]).transform(([timeMs, value]) => ({ timeMs, value }))
/** A value, which may be NaN or infinite, at a time in epoch ms. */
export type Sample = z.infer<typeof sample>

const instantSeries = z
  .object({ metric: labels, value: sample })
  .transform(({ metric, value }) => ({ labels: metric, value: value.value }))
/** A series at one time. */
export type InstantSeries = z.infer<typeof instantSeries>

/** What an expression evaluates to at one time; a scalar is a series without labels. Loki answers in the same shape. */
export const instantAnswer = z
  .object({
    status: z.literal('success'),
    data: z.discriminatedUnion('resultType', [
      z.object({ resultType: z.literal('vector'), result: z.array(instantSeries) }),
      z.object({
        resultType: z.literal('scalar'),
        result: sample.transform(({ value }): InstantSeries[] => [{ labels: {}, value }]),
      }),
    ]),
  })
  .transform(({ data }) => data.result)

/** Every answer wraps its data in the same envelope. */
function envelope<T>(data: z.ZodType<T>) {
  return z.object({ status: z.literal('success'), data }).transform((answer) => answer.data as T)
}

const rangeSeries = z
  .object({ metric: labels, values: z.array(sample).default([]) })
  .transform(({ metric, values }) => ({ labels: metric, samples: values }))
/** A series over a range, its samples by time. */
export type RangeSeries = z.infer<typeof rangeSeries>

const rangeAnswer = envelope(
  z
    .object({ resultType: z.literal('matrix'), result: z.array(rangeSeries) })
    .transform(({ result }) => result),
)

const exemplar = z
  .object({ labels, timestamp: seconds })
  .transform(({ labels: { trace_id, span_id }, timestamp }) => ({
    timeMs: timestamp,
    ...(trace_id === undefined ? {} : { traceId: trace_id }),
    ...(span_id === undefined ? {} : { spanId: span_id }),
  }))
/** An example of what a sample counts: one request, found again by its trace. Epoch ms. */
export type Exemplar = z.infer<typeof exemplar>

const exemplarSeries = z
  .object({ seriesLabels: labels, exemplars: z.array(exemplar) })
  .transform(({ seriesLabels, exemplars }) => ({ labels: seriesLabels, exemplars }))
export type ExemplarSeries = z.infer<typeof exemplarSeries>

/** Without a single exemplar, data is null on some versions. */
export const exemplarsAnswer = envelope(
  z
    .array(exemplarSeries)
    .nullable()
    .transform((series) => series ?? []),
)

const ruleGroup = z.object({
  name: z.string(),
  /** How often it is evaluated, in seconds. */
  interval: z.number(),
  rules: z.array(
    z
      .object({
        type: z.enum(['recording', 'alerting']),
        name: z.string(),
        query: z.string(),
        health: z.enum(['ok', 'err', 'unknown']),
        lastError: z.string().optional(),
        lastEvaluation: time,
      })
      .transform(({ lastEvaluation, ...rule }) => ({ ...rule, lastEvaluationMs: lastEvaluation })),
  ),
})

export const rulesAnswer = envelope(
  z.object({ groups: z.array(ruleGroup) }).transform(({ groups }) =>
    groups.flatMap(({ name, interval, rules }) => {
      return rules.map((rule) => ({ ...rule, group: name, intervalMs: interval * 1000 }))
    }),
  ),
)
export type Rule = z.infer<typeof rulesAnswer>[number]

const namesAnswer = envelope(z.array(z.string()))

export type PrometheusClient = ReturnType<typeof createPrometheusClient>

/**
 * Client of Prometheus' query API. `lookbackMs` says how far back an instant selector looks for its newest sample;
 * by default it is the server's 5 minutes, so that a series that ended a minute ago still has a value.
 * @see https://prometheus.io/docs/prometheus/latest/querying/api/
 */
export function createPrometheusClient(options: BackendOptions) {
  const http = createBackendHttp('prometheus', options)
  return {
    /** Evaluates an expression at one time in epoch ms, by default now by the server's clock. */
    query(promql: string, { timeMs, lookbackMs }: { timeMs?: number; lookbackMs?: number } = {}) {
      const form = { query: promql, time: optional(timeMs), lookback_delta: optional(lookbackMs) }
      return http.json({ path: 'api/v1/query', query: promql, form }, instantAnswer)
    },
    /** Evaluates an expression every `stepMs` of a range. */
    queryRange(promql: string, asked: TimeRange & { stepMs: number; lookbackMs?: number }) {
      const form = {
        query: promql,
        ...range(asked),
        step: toSeconds(asked.stepMs),
        lookback_delta: optional(asked.lookbackMs),
      }
      return http.json({ path: 'api/v1/query_range', query: promql, form }, rangeAnswer)
    },
    /** Exemplars of the series that the expression selects; by time within each series. */
    queryExemplars(promql: string, during: TimeRange) {
      const form = { query: promql, ...range(during) }
      return http.json({ path: 'api/v1/query_exemplars', query: promql, form }, exemplarsAnswer)
    },
    /** All recording and alerting rules that are loaded, in order of evaluation. */
    rules: () => http.json({ path: 'api/v1/rules', query: 'rules' }, rulesAnswer),
    /** Values of a label, of all series or of those that the selector matches. */
    labelValues(label: string, { selector, ...during }: TimeRange & { selector?: string | undefined }) {
      const parameters = { 'match[]': selector, ...range(during) }
      const path = `api/v1/label/${encodeURIComponent(label)}/values`
      return http.json({ path, query: `values of label ${label}`, parameters }, namesAnswer)
    },
    /** Resolves when queries are served; rejects with a {@link BackendError} otherwise. */
    async ready() {
      await http.text({ path: '-/ready', query: 'readiness' })
    },
  }
}

function range({ startMs, endMs }: TimeRange) {
  return { start: toSeconds(startMs), end: toSeconds(endMs) }
}

function optional(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : toSeconds(ms)
}
