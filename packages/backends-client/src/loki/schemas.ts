import * as z from 'zod'
import { sampleValue } from '../prometheus/schemas.ts'
import type { Labels, RangeSeries, Sample } from '../prometheus/types.ts'
import { fromNanoseconds } from '../time.ts'
import type { LogEntry, LogInstantResult, LogResult } from './types.ts'

// Shapes of https://grafana.com/docs/loki/latest/reference/loki-http-api/ with labels categorized.

const labels: z.ZodType<Labels> = z.record(z.string(), z.string())
const nanoseconds = z
  .string()
  .regex(/^\d+$/)
  .transform((text) => fromNanoseconds(text))

const categories = z.object({ structuredMetadata: labels.default({}), parsed: labels.default({}) })

const stream = z
  .object({
    stream: labels,
    values: z.array(
      z.union([z.tuple([nanoseconds, z.string(), categories]), z.tuple([nanoseconds, z.string()])]),
    ),
  })
  .transform(({ stream, values }): LogEntry[] =>
    values.map(([timeMs, line, found]) => ({
      timeMs,
      line,
      labels: stream,
      metadata: found?.structuredMetadata ?? {},
      parsed: found?.parsed ?? {},
    })),
  )

const streams = z
  .object({ resultType: z.literal('streams'), result: z.array(stream) })
  .transform(({ result }) => ({ type: 'entries' as const, entries: result.flat(), streams: result.length }))

const sample: z.ZodType<Sample> = z
  .tuple([z.number(), sampleValue])
  .transform(([timestamp, value]) => ({ timeMs: Math.round(timestamp * 1000), value }))

const matrix = z
  .object({
    resultType: z.literal('matrix'),
    result: z.array(
      z
        .object({ metric: labels, values: z.array(sample) })
        .transform(
          ({ metric, values }): RangeSeries => ({ labels: metric, samples: values, histograms: [] }),
        ),
    ),
  })
  .transform(({ result }) => ({ type: 'series' as const, series: result }))

const vector = z
  .object({ resultType: z.literal('vector'), result: z.array(z.object({ metric: labels, value: sample })) })
  .transform(({ result }) => ({
    type: 'vector' as const,
    series: result.map(({ metric, value }) => ({ labels: metric, sample: value })),
  }))

const scalar = z
  .object({ resultType: z.literal('scalar'), result: sample })
  .transform(({ result }) => ({ type: 'scalar' as const, sample: result }))

export const rangeAnswer: z.ZodType<LogResult> = z
  .object({ status: z.literal('success'), data: z.union([streams, matrix]) })
  .transform(({ data }) => data)

export const instantAnswer: z.ZodType<LogInstantResult> = z
  .object({ status: z.literal('success'), data: z.union([streams, vector, scalar]) })
  .transform(({ data }) => data)

/** Where nothing matches, `data` is left out. */
export const namesAnswer: z.ZodType<string[]> = z
  .object({ status: z.literal('success'), data: z.array(z.string()).nullish() })
  .transform(({ data }) => data ?? [])

export const seriesAnswer: z.ZodType<Labels[]> = z
  .object({ status: z.literal('success'), data: z.array(labels).nullish() })
  .transform(({ data }) => data ?? [])

export const buildInfoAnswer: z.ZodType<{ version: string; revision: string }> = z.object({
  version: z.string(),
  revision: z.string(),
})
