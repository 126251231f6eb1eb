import type { Backends, GrafanaClient } from '@faultline/backends-client'
import pMap from 'p-map'
import { answerOf } from '../answer.ts'
import { type Context, sinceSentMs } from '../context.ts'
import type { Dashboard } from '../panels/dashboard.ts'
import { resolveVariables } from '../panels/resolve.ts'
import { type BuiltIns, substitute } from '../panels/variables.ts'
import { patience } from '../patience.ts'
import type { Probe } from '../probe.ts'
import type { Finding } from '../report/check.ts'
import { type DataSource, judgeDashboards, judgeDataSource, judgePermissions } from './judge-grafana.ts'
import { type Compared, judgeQueries } from './judge-queries.ts'
import { type Sample, type SampleOptions, sampleOf, toGrafana } from './sample.ts'

/** Grafana looks for dashboards every 10 s, and its plugins may have been restarted, in ms. */
const PATIENCE_MS = 15_000
/** Of each dashboard and data source, so many queries at most are tried until one has data. */
const MAX_TRIED = 12
const INTERVAL_MS = 2_000
const RATE_INTERVAL_MS = 8_000

export interface GrafanaProbeOptions {
  readonly client: GrafanaClient
  readonly dashboards: readonly Dashboard[]
}

/**
 * Whether Grafana can show what is there: each data source is healthy, every dashboard present, the anonymous user may
 * look and explore, and of each dashboard and data source one query gives through Grafana what the backend says.
 *
 * Written against Grafana's documentation, its sources and public issues; not tried on a running Grafana.
 */
export function grafanaProbe({ client, dashboards }: GrafanaProbeOptions): Probe {
  const dataSources = dataSourcesOf(dashboards)
  const passed = new Map<string, readonly Finding[]>()
  /** Asks and judges, unless all of it has passed before. */
  const unlessPassed = async (what: string, judge: () => Promise<readonly Finding[]>) => {
    const findings = passed.get(what) ?? (await judge())
    if (findings.every(({ status }) => status === 'pass')) passed.set(what, findings)
    return findings
  }
  return {
    name: 'grafana',
    hop: 'grafana',
    intervalMs: 2_000,
    async observe(context) {
      const { signal, found } = context
      if (found.sentUntilMs === undefined) return []
      const late = sinceSentMs(context) > PATIENCE_MS
      const atGrafana = await Promise.all([
        unlessPassed('permissions', async () =>
          judgePermissions(dataSources, await answerOf(client.permissions({ signal })), late),
        ),
        unlessPassed('dashboards', async () => [
          judgeDashboards(dashboards, await answerOf(client.dashboards({ signal })), late),
        ]),
        ...dataSources.map((dataSource) =>
          unlessPassed(`health ${dataSource.uid}`, async () => {
            const answer = await answerOf(client.dataSourceHealth(dataSource.uid, { signal }))
            return [judgeDataSource(dataSource, answer, late)]
          }),
        ),
      ])
      const queries = await pMap(
        dataSources,
        (dataSource) =>
          unlessPassed(`queries ${dataSource.uid}`, async () => {
            const answer = await answerOf(compare(dataSource, dashboards, client, context))
            return [judgeQueries(dataSource, answer, sinceSentMs(context) > patience.profiles)]
          }),
        { concurrency: 1 },
      )
      return [...atGrafana, ...queries].flat()
    },
  }
}

/** The data sources that dashboards take unless someone chooses another. */
function dataSourcesOf(dashboards: readonly Dashboard[]): DataSource[] {
  const variables = dashboards.flatMap((dashboard) => dashboard.variables)
  const named = variables.filter(({ type }) => type === 'datasource')
  const all = named.flatMap(({ query, current }) => current.map((uid): DataSource => ({ uid, type: query })))
  return [...new Map(all.map((one) => [one.uid, one])).values()]
}

/** Asks the backend, then Grafana the same, about the time from verify's begin until its first requests were out. */
async function compare(
  { uid, type }: DataSource,
  dashboards: readonly Dashboard[],
  client: GrafanaClient,
  { backends, beginMs, found, signal }: Context,
): Promise<Compared[]> {
  const startMs = wholeSecond(beginMs)
  const endMs = Math.max(startMs + 1_000, wholeSecond(found.sentUntilMs ?? beginMs))
  const builtIns = { rangeMs: endMs - startMs, intervalMs: INTERVAL_MS, rateIntervalMs: RATE_INTERVAL_MS }
  const samples = await pMap(
    dashboards,
    (dashboard) => firstWithData(dashboard, type, backends, { startMs, endMs, signal }, builtIns),
    { concurrency: 1 },
  )
  const withData = samples.filter((sample) => sample !== undefined)
  if (withData.length === 0) return []
  const refId = (at: number) => String.fromCharCode('A'.charCodeAt(0) + at)
  const queries = withData.map(({ sample }, at) => toGrafana(sample, uid, refId(at)))
  const results = await client.query(queries, { startMs, endMs, signal })
  return withData.map(({ sample, backend }, at) => {
    const { frames, error } = results.get(refId(at)) ?? {
      frames: [],
      error: 'no result for it in the answer',
    }
    const { target, query, anyOf } = sample
    return { target, query, backend, grafana: sample.rowsOf(frames), error, anyOf }
  })
}

/** The first query of a dashboard that its backend has data for; undefined where none of those tried has. */
async function firstWithData(
  { targets, variables }: Dashboard,
  type: string,
  backends: Backends,
  range: Omit<SampleOptions, 'put'>,
  builtIns: BuiltIns,
): Promise<{ sample: Sample; backend: readonly string[] } | undefined> {
  const wanted = targets.filter(({ datasource }) => datasource === type)
  if (wanted.length === 0) return undefined
  const { startMs: beginMs, signal } = range
  const combinations = await resolveVariables(variables, backends, { builtIns, beginMs, signal })
  const candidates = combinations.flatMap((values) =>
    wanted.flatMap((target) => {
      const put = (query: string) => substitute(query, values, builtIns)
      return sampleOf(target, backends, { ...range, put }) ?? []
    }),
  )
  for (const sample of candidates.slice(0, MAX_TRIED)) {
    const backend = await sample.askBackend()
    if (backend.length > 0) return { sample, backend }
  }
  return undefined
}

function wholeSecond(ms: number): number {
  return Math.floor(ms / 1_000) * 1_000
}
