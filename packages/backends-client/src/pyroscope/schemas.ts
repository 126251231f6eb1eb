import * as z from 'zod'
import type { Labels } from '../prometheus/types.ts'
import { flameGraph } from './flame-graph.ts'
import type { FlameGraph, ProfileSeries, ProfileType } from './types.ts'

// Shapes of https://github.com/grafana/pyroscope/blob/main/api/querier/v1/querier.proto in protobuf's JSON
// mapping; what is empty or zero is left out.

export const profileTypesAnswer: z.ZodType<ProfileType[]> = z
  .object({
    profileTypes: z
      .array(
        z.object({
          ID: z.string(),
          name: z.string().default(''),
          sampleType: z.string().default(''),
          sampleUnit: z.string().default(''),
          periodType: z.string().default(''),
          periodUnit: z.string().default(''),
        }),
      )
      .default([]),
  })
  .transform(({ profileTypes }) => profileTypes.map(({ ID, ...rest }) => ({ id: ID, ...rest })))

export const namesAnswer: z.ZodType<string[]> = z
  .object({ names: z.array(z.string()).default([]) })
  .transform(({ names }) => names)

const labels: z.ZodType<Labels> = z
  .array(z.object({ name: z.string(), value: z.string().default('') }))
  .default([])
  .transform((pairs) => Object.fromEntries(pairs.map(({ name, value }) => [name, value])))

export const seriesAnswer: z.ZodType<Labels[]> = z
  .object({ labelsSet: z.array(z.object({ labels }).transform((set) => set.labels)).default([]) })
  .transform(({ labelsSet }) => labelsSet)

export const flameGraphAnswer: z.ZodType<FlameGraph> = z
  .object({ flamegraph: flameGraph.optional() })
  .transform(({ flamegraph }) => flamegraph ?? flameGraph.parse({}))

const timestamp = z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]).default(0)
const value = z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number)]).default(0)

export const selectSeriesAnswer: z.ZodType<ProfileSeries[]> = z
  .object({
    series: z
      .array(
        z.object({
          labels,
          points: z
            .array(
              z
                .object({ timestamp, value })
                .transform((point) => ({ timeMs: point.timestamp, value: point.value })),
            )
            .default([]),
        }),
      )
      .default([]),
  })
  .transform(({ series }) => series)
