import * as z from 'zod'
import type {
  Alert,
  BuildInfo,
  ExemplarSeries,
  HistogramSample,
  InstantSeries,
  Labels,
  MetricMetadata,
  QueryResult,
  RangeResult,
  RangeSeries,
  Rule,
  Sample,
  Target,
} from './types.ts'

// Shapes of https://prometheus.io/docs/prometheus/latest/querying/api/, each with the step to the shape of types.ts.

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
const labels: z.ZodType<Labels> = z.record(z.string(), z.string())

/** RFC 3339; Go's zero time means "never". */
const time = z.string().transform((text, context): number | undefined => {
  if (text.startsWith('0001-01-01')) return undefined
  const ms = Date.parse(text)
  if (!Number.isNaN(ms)) return ms
  context.addIssue({ code: 'custom', message: `not a time: ${JSON.stringify(text)}` })
  return z.NEVER
})

const sample: z.ZodType<Sample> = z
  .tuple([seconds, sampleValue])
  .transform(([timeMs, value]) => ({ timeMs, value }))

const histogram: z.ZodType<HistogramSample> = z
  .tuple([seconds, z.object({ count: sampleValue, sum: sampleValue })])
  .transform(([timeMs, { count, sum }]) => ({ timeMs, count, sum }))

const rangeSeries: z.ZodType<RangeSeries> = z
  .object({ metric: labels, values: z.array(sample).default([]), histograms: z.array(histogram).default([]) })
  .transform(({ metric, values, histograms }) => ({ labels: metric, samples: values, histograms }))

const instantSeries: z.ZodType<InstantSeries> = z.union([
  z
    .object({ metric: labels, value: sample })
    .transform((series) => ({ labels: series.metric, sample: series.value })),
  z
    .object({ metric: labels, histogram })
    .transform((series) => ({ labels: series.metric, histogram: series.histogram })),
])

const queryValue = z.discriminatedUnion('resultType', [
  z
    .object({ resultType: z.literal('vector'), result: z.array(instantSeries) })
    .transform(({ result }) => ({ type: 'vector' as const, series: result })),
  z
    .object({ resultType: z.literal('matrix'), result: z.array(rangeSeries) })
    .transform(({ result }) => ({ type: 'matrix' as const, series: result })),
  z
    .object({ resultType: z.literal('scalar'), result: sample })
    .transform(({ result }) => ({ type: 'scalar' as const, sample: result })),
  z
    .object({ resultType: z.literal('string'), result: z.tuple([seconds, z.string()]) })
    .transform(({ result: [timeMs, text] }) => ({ type: 'string' as const, timeMs, text })),
])

const advice = { warnings: z.array(z.string()).default([]), infos: z.array(z.string()).default([]) }

/** Every answer wraps its data in the same envelope. */
function envelope<T>(data: z.ZodType<T>): z.ZodType<T> {
  return z.object({ status: z.literal('success'), data }).transform((answer) => answer.data as T)
}

export const queryAnswer: z.ZodType<QueryResult> = z
  .object({ status: z.literal('success'), data: queryValue, ...advice })
  .transform(({ data, warnings, infos }) => ({ ...data, warnings, infos }))

export const rangeAnswer: z.ZodType<RangeResult> = z
  .object({
    status: z.literal('success'),
    data: z.object({ resultType: z.literal('matrix'), result: z.array(rangeSeries) }),
    ...advice,
  })
  .transform(({ data, warnings, infos }) => ({ series: data.result, warnings, infos }))

const exemplar = z
  .object({ labels, value: sampleValue, timestamp: seconds })
  .transform(({ labels, value, timestamp }) => ({
    labels,
    value,
    timeMs: timestamp,
    ...(labels.trace_id === undefined ? {} : { traceId: labels.trace_id }),
    ...(labels.span_id === undefined ? {} : { spanId: labels.span_id }),
  }))

/** Without a single exemplar, data is null on some versions. */
export const exemplarsAnswer: z.ZodType<ExemplarSeries[]> = envelope(
  z
    .array(
      z
        .object({ seriesLabels: labels, exemplars: z.array(exemplar) })
        .transform(({ seriesLabels, exemplars }) => ({ labels: seriesLabels, exemplars })),
    )
    .nullable()
    .transform((series) => series ?? []),
)

const alert: z.ZodType<Alert> = z
  .object({
    labels,
    annotations: labels,
    state: z.enum(['pending', 'firing', 'inactive']),
    activeAt: time.optional(),
    value: sampleValue,
  })
  .transform(({ activeAt, ...rest }) => ({ ...rest, activeAtMs: activeAt }))

export const alertsAnswer: z.ZodType<Alert[]> = envelope(
  z.object({ alerts: z.array(alert) }).transform((data) => data.alerts),
)

const ruleBase = {
  name: z.string(),
  query: z.string(),
  labels: labels.default({}),
  health: z.enum(['ok', 'err', 'unknown']),
  lastError: z.string().optional(),
  lastEvaluation: time,
  evaluationTime: z.number(),
}

const rule = z.discriminatedUnion('type', [
  z.object({ type: z.literal('recording'), ...ruleBase }),
  z.object({
    type: z.literal('alerting'),
    ...ruleBase,
    state: z.enum(['inactive', 'pending', 'firing', 'unknown']),
    duration: z.number(),
    annotations: labels.default({}),
    alerts: z.array(alert).default([]),
  }),
])

const ruleGroup = z.object({ name: z.string(), file: z.string(), interval: z.number(), rules: z.array(rule) })

export const rulesAnswer: z.ZodType<Rule[]> = envelope(
  z
    .object({ groups: z.array(ruleGroup) })
    .transform(({ groups }) => groups.flatMap((group) => group.rules.map((one) => toRule(one, group)))),
)

function toRule(one: z.infer<typeof rule>, group: { name: string; file: string; interval: number }): Rule {
  const base = {
    group: group.name,
    file: group.file,
    name: one.name,
    query: one.query,
    labels: one.labels,
    health: one.health,
    lastError: one.lastError,
    lastEvaluationMs: one.lastEvaluation,
    evaluationDurationMs: one.evaluationTime * 1000,
    intervalMs: group.interval * 1000,
  }
  if (one.type === 'recording') return { ...base, type: 'recording' }
  const { state, annotations, alerts } = one
  return { ...base, type: 'alerting', state, annotations, alerts, forMs: one.duration * 1000 }
}

export const seriesAnswer: z.ZodType<Labels[]> = envelope(z.array(labels))
export const namesAnswer: z.ZodType<string[]> = envelope(z.array(z.string()))

export const metadataAnswer: z.ZodType<Record<string, MetricMetadata[]>> = envelope(
  z.record(z.string(), z.array(z.object({ type: z.string(), help: z.string(), unit: z.string() }))),
)

export const targetsAnswer: z.ZodType<Target[]> = envelope(
  z
    .object({
      activeTargets: z.array(
        z.object({
          labels,
          scrapeUrl: z.string(),
          health: z.enum(['up', 'down', 'unknown']),
          lastError: z.string(),
          lastScrape: time,
        }),
      ),
    })
    .transform(({ activeTargets }) =>
      activeTargets.map(({ lastScrape, lastError, ...target }) => ({
        ...target,
        lastError: lastError === '' ? undefined : lastError,
        lastScrapeMs: lastScrape,
      })),
    ),
)

export const buildInfoAnswer: z.ZodType<BuildInfo> = envelope(
  z.object({ version: z.string(), revision: z.string() }),
)
