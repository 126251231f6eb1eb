import type * as z from 'zod'
import { BackendRefused } from '../errors.ts'
import { type BackendOptions, type BackendRequest, type CallOptions, createBackendHttp } from '../http.ts'
import type { TimeRange } from '../prometheus/client.ts'
import * as schemas from './schemas.ts'
import type {
  DataSourceHealth,
  FoundDashboard,
  GrafanaHealth,
  GrafanaQuery,
  Permissions,
  QueryFrames,
} from './types.ts'

/**
 * Client of the part of Grafana's HTTP API that tells whether it can show anything. It asks as whoever the headers
 * say, without any as the anonymous user. Written against the documentation, not tried on a running Grafana.
 * @see https://grafana.com/docs/grafana/latest/developer-resources/api-reference/http-api/
 */
export interface GrafanaClient {
  /** Grafana's own health, which says nothing about data sources or plugins. */
  health(options?: CallOptions): Promise<GrafanaHealth>
  /**
   * Asks the backend of a data source as its own check does. Rejects with BackendRefused where the check cannot be
   * made: 404 without the data source or its plugin, 403 where it may not be queried.
   */
  dataSourceHealth(uid: string, options?: CallOptions): Promise<DataSourceHealth>
  /** Those dashboards that whoever asks may see, 5 000 at most. */
  dashboards(options?: CallOptions): Promise<FoundDashboard[]>
  /** What whoever asks may do. */
  permissions(options?: CallOptions): Promise<Permissions>
  /** Sends queries the way a panel does; what they gave, by `refId`. */
  query(
    queries: readonly GrafanaQuery[],
    options: TimeRange & CallOptions,
  ): Promise<ReadonlyMap<string, QueryFrames>>
}

/** The most that a search answers with. */
const MAX_DASHBOARDS = '5000'

export function createGrafanaClient(options: BackendOptions): GrafanaClient {
  const http = createBackendHttp('grafana', options)

  /** For calls that answer 400 with what was asked for, when that is bad news about the backend. */
  async function orBadNews<T>(asked: BackendRequest, schema: z.ZodType<T>, call?: CallOptions): Promise<T> {
    try {
      return await http.json(asked, schema, call)
    } catch (error) {
      if (!(error instanceof BackendRefused) || error.status !== 400) throw error
      const news = schema.safeParse(parsed(error.body))
      if (!news.success) throw error
      return news.data
    }
  }

  return {
    health: (call) => http.json({ path: 'api/health', query: 'health' }, schemas.healthAnswer, call),
    dataSourceHealth(uid, call) {
      const path = `api/datasources/uid/${encodeURIComponent(uid)}/health`
      return orBadNews({ path, query: `health of ${uid}` }, schemas.dataSourceHealthAnswer, call)
    },
    dashboards(call) {
      const parameters = { type: 'dash-db', limit: MAX_DASHBOARDS }
      return http.json(
        { path: 'api/search', query: 'dashboards', parameters },
        schemas.dashboardsAnswer,
        call,
      )
    },
    permissions: (call) =>
      http.json(
        { path: 'api/access-control/user/permissions', query: 'permissions' },
        schemas.permissionsAnswer,
        call,
      ),
    query(queries, { startMs, endMs, ...call }) {
      const query = queries.map((one) =>
        `${one.datasource.uid} ${String(one.expr ?? one.query ?? '')}`.trim(),
      )
      // epoch milliseconds, as text
      const json = { queries, from: String(Math.floor(startMs)), to: String(Math.ceil(endMs)) }
      return orBadNews({ path: 'api/ds/query', query: query.join('; '), json }, schemas.queryAnswer, call)
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
