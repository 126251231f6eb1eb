import * as z from 'zod'
import { type BackendOptions, BackendRefused, type BackendRequest, createBackendHttp } from './http.ts'
import { type Labels, labels, type TimeRange } from './prometheus.ts'

// Shapes of https://grafana.com/docs/grafana/latest/developer-resources/api-reference/http-api/. Fields that are not
// read may come and go.

/** What a data source's own check says: with any status but `OK` the backend behind it cannot be queried. */
const dataSourceHealth = z.object({ status: z.string(), message: z.string().default('') })
export type DataSourceHealth = z.infer<typeof dataSourceHealth>

const dashboardsAnswer = z.array(z.object({ uid: z.string() }))

const permissionsAnswer = z.record(
  z.string(),
  z
    .array(z.string())
    .nullable()
    .transform((scopes) => scopes ?? []),
)
/** What whoever asks may do: scopes by action. An action that needs no scope has none or an empty one. */
export type Permissions = Readonly<Record<string, readonly string[]>>

/** A query for a data source: its own fields, as a panel has them. */
export interface GrafanaQuery {
  /** Names the query within its request. */
  readonly refId: string
  readonly datasource: { readonly type: string; readonly uid: string }
  readonly [field: string]: unknown
}

/** A column of a frame. */
export interface FrameField {
  readonly name: string
  /** `time`, `number`, `string`, `boolean`, `other` … */
  readonly type: string
  readonly labels: Labels
  /** One per row. Null also stands for NaN and the infinities, which JSON does not have. */
  readonly values: readonly unknown[]
}

/**
 * A table, as Grafana's panels draw it: what every data source makes of its backend's answer. The columns' names and
 * types come apart from their values; of an empty frame the values may be left out.
 */
const frame = z
  .object({
    schema: z.object({
      fields: z
        .array(
          z.object({
            name: z.string().default(''),
            type: z.string().default(''),
            labels: labels.nullish(),
          }),
        )
        .nullish(),
    }),
    data: z.object({ values: z.array(z.array(z.unknown()).nullable()).nullish() }).nullish(),
  })
  .transform(({ schema, data }) => ({
    fields: (schema.fields ?? []).map(
      ({ name, type, labels }, at): FrameField => ({
        name,
        type,
        labels: labels ?? {},
        values: data?.values?.[at] ?? [],
      }),
    ),
  }))
export type Frame = z.infer<typeof frame>

/** What each query gave, by `refId`; `error` says why it gave nothing. */
const queryAnswer = z
  .object({
    results: z.record(
      z.string(),
      z
        .object({ frames: z.array(frame).nullish(), error: z.string().optional() })
        .transform(({ frames, error }) => ({ frames: frames ?? [], error })),
    ),
  })
  .transform(({ results }) => new Map(Object.entries(results)))

/** The most that a search answers with. */
const MAX_DASHBOARDS = '5000'

export type GrafanaClient = ReturnType<typeof createGrafanaClient>

/**
 * Client of the part of Grafana's HTTP API that tells whether it can show anything. It asks as the anonymous user.
 * Written against the documentation, not tried on a running Grafana.
 * @see https://grafana.com/docs/grafana/latest/developer-resources/api-reference/http-api/
 */
export function createGrafanaClient(options: BackendOptions) {
  const http = createBackendHttp('grafana', options)

  /** For calls that answer 400 with what was asked for, when that is bad news about the backend. */
  async function orBadNews<T>(asked: BackendRequest, schema: z.ZodType<T>): Promise<T> {
    try {
      return await http.json(asked, schema)
    } catch (error) {
      if (!(error instanceof BackendRefused) || error.status !== 400) throw error
      const news = schema.safeParse(parsed(error.body))
      if (!news.success) throw error
      return news.data
    }
  }

  return {
    /**
     * Asks the backend of a data source as its own check does. Rejects with BackendRefused where the check cannot be
     * made: 404 without the data source or its plugin, 403 where it may not be queried.
     */
    dataSourceHealth(uid: string) {
      const path = `api/datasources/uid/${encodeURIComponent(uid)}/health`
      return orBadNews({ path, query: `health of ${uid}` }, dataSourceHealth)
    },
    /** Those dashboards that whoever asks may see, 5 000 at most. */
    dashboards() {
      const parameters = { type: 'dash-db', limit: MAX_DASHBOARDS }
      return http.json({ path: 'api/search', query: 'dashboards', parameters }, dashboardsAnswer)
    },
    /** What whoever asks may do. */
    permissions(): Promise<Permissions> {
      const path = 'api/access-control/user/permissions'
      return http.json({ path, query: 'permissions' }, permissionsAnswer)
    },
    /** Sends queries the way a panel does. */
    query(queries: readonly GrafanaQuery[], { startMs, endMs }: TimeRange) {
      const query = queries.map((one) =>
        `${one.datasource.uid} ${String(one.expr ?? one.query ?? '')}`.trim(),
      )
      // epoch milliseconds, as text
      const json = { queries, from: String(Math.floor(startMs)), to: String(Math.ceil(endMs)) }
      return orBadNews({ path: 'api/ds/query', query: query.join('; '), json }, queryAnswer)
    },
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}
