import * as z from 'zod'
import type {
  DataSourceHealth,
  FoundDashboard,
  Frame,
  GrafanaHealth,
  Permissions,
  QueryFrames,
} from './types.ts'

// Shapes of https://grafana.com/docs/grafana/latest/developer-resources/api-reference/http-api/. Fields that are not
// read may come and go.

export const healthAnswer: z.ZodType<GrafanaHealth> = z.object({
  version: z.string().default(''),
  database: z.string(),
})

export const dataSourceHealthAnswer: z.ZodType<DataSourceHealth> = z.object({
  status: z.string(),
  message: z.string().default(''),
})

export const dashboardsAnswer: z.ZodType<FoundDashboard[]> = z.array(
  z.object({ uid: z.string(), title: z.string().default(''), folderUid: z.string().default('') }),
)

export const permissionsAnswer: z.ZodType<Permissions> = z.record(
  z.string(),
  z
    .array(z.string())
    .nullable()
    .transform((scopes) => scopes ?? []),
)

/** The columns' names and types come apart from their values; of an empty frame the values may be left out. */
const frame: z.ZodType<Frame> = z
  .object({
    schema: z.object({
      name: z.string().default(''),
      fields: z
        .array(
          z.object({
            name: z.string().default(''),
            type: z.string().default(''),
            labels: z.record(z.string(), z.string()).nullish(),
          }),
        )
        .nullish(),
    }),
    data: z.object({ values: z.array(z.array(z.unknown()).nullable()).nullish() }).nullish(),
  })
  .transform(({ schema, data }) => ({
    name: schema.name,
    fields: (schema.fields ?? []).map(({ name, type, labels }, at) => ({
      name,
      type,
      labels: labels ?? {},
      values: data?.values?.[at] ?? [],
    })),
  }))

const result: z.ZodType<QueryFrames> = z
  .object({ frames: z.array(frame).nullish(), error: z.string().optional() })
  .transform(({ frames, error }) => ({ frames: frames ?? [], error }))

/** By the queries' `refId`. */
export const queryAnswer: z.ZodType<ReadonlyMap<string, QueryFrames>> = z
  .object({ results: z.record(z.string(), result) })
  .transform(({ results }) => new Map(Object.entries(results)))
