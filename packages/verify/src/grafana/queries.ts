import type { Backends, GrafanaClient } from '@faultline/backends-client'
import { drillClock } from '@faultline/slo'
import pMap from 'p-map'
import type { CallResult } from '../call-result.ts'
import type { Context } from '../context.ts'
import type { Dashboard, Target } from '../panels/dashboard.ts'
import { resolveVariables, substitute } from '../panels/variables.ts'
import { type Finding, fail } from '../report/check.ts'
import { BACKEND_OF, type DataSource, failedAtGrafana } from './refusals.ts'
import { type Sample, type SampleOptions, sampleOf, toGrafana } from './sample.ts'

/** Of each dashboard and data source, so many queries at most are tried until one has data. */
const MAX_TRIED = 12

/** A panel's query with what the backend itself and Grafana say to it, each as rows of text. */
export interface Compared {
  readonly target: Target
  readonly query: string
  readonly backend: readonly string[]
  readonly grafana: readonly string[]
  /** Why Grafana gave nothing. */
  readonly error?: string | undefined
  /** At this many rows a backend stops looking, so that which ones it found is a matter of chance. */
  readonly anyOf?: number | undefined
}

/** Asks the backend, then Grafana the same, about the time from verify's begin until its first requests were out. */
export async function compare(
  { uid, type }: DataSource,
  dashboards: readonly Dashboard[],
  client: GrafanaClient,
  { backends, beginMs, sentMs }: Context,
): Promise<Compared[]> {
  const startMs = wholeSecond(beginMs)
  const endMs = Math.max(startMs + 1_000, wholeSecond(sentMs))
  const samples = await pMap(
    dashboards,
    (dashboard) => firstWithData(dashboard, type, backends, { startMs, endMs }),
    { concurrency: 1 },
  )
  const withData = samples.filter((sample) => sample !== undefined)
  if (withData.length === 0) return []
  const refId = (at: number) => String.fromCharCode('A'.charCodeAt(0) + at)
  const queries = withData.map(({ sample }, at) => toGrafana(sample, uid, refId(at)))
  const results = await client.query(queries, { startMs, endMs })
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
): Promise<{ sample: Sample; backend: readonly string[] } | undefined> {
  const { rateIntervalMs } = drillClock
  const wanted = targets.filter(({ datasource }) => datasource === type)
  if (wanted.length === 0) return undefined
  const combinations = await resolveVariables(variables, backends, { rateIntervalMs, beginMs: range.startMs })
  const candidates = combinations.flatMap((values) =>
    wanted.flatMap((target) => {
      const put = (query: string) => substitute(query, values, rateIntervalMs)
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

/** The signal behind a backend, without which it has nothing to say. */
const SIGNAL_OF: Readonly<Record<string, string>> = {
  prometheus: 'metrics',
  loki: 'logs',
  tempo: 'traces',
  pyroscope: 'profiles',
}
/** Rows that are shown of a difference. */
const SHOWN = 2

/** Whether queries of panels give through Grafana what the backend itself says to them. */
export function judgeQueries({ uid, type }: DataSource, answer: CallResult<readonly Compared[]>): Finding {
  const backend = BACKEND_OF[type] ?? uid
  const finding = {
    id: `grafana/queries/${uid}`,
    hop: 'grafana',
    expected: `queries of panels give the same through Grafana and from ${backend} itself`,
    query: 'POST /api/ds/query',
    explainedBy: [
      'reach/grafana',
      `reach/${backend}`,
      `grafana/datasource/${uid}`,
      'grafana/permission/query',
    ],
  } as const
  if ('error' in answer) {
    const { error } = answer
    return { ...finding, ...failedAtGrafana(error), query: error.query, explainedBy: finding.explainedBy }
  }
  if (answer.value.length === 0) {
    return fail(finding, {
      seen: `no query of a panel has data from ${backend}`,
      likelyCause: `there is nothing to compare: ${backend} has no data since verify began`,
      nextStep: 'the failures of hop panels, if there are any; else run verify again',
      explainedBy: [...finding.explainedBy, `signal/*/${SIGNAL_OF[backend] ?? '*'}`, 'requests'],
    })
  }
  const refused = answer.value.find(({ error }) => error !== undefined)
  if (refused !== undefined) {
    return fail(finding, {
      seen: `${panelOf(refused)}: ${refused.error}`,
      query: refused.query,
      likelyCause: `Grafana does not reach ${backend} from where it runs, or ${backend} does not take the query as its data source sends it`,
      nextStep: `${backend.toUpperCase()}_URL, HTTP_PROXY and NO_PROXY in Grafana’s environment; faultline logs grafana`,
    })
  }
  const different = answer.value.find((one) => !isSame(one))
  if (different !== undefined) {
    return fail(finding, {
      seen: `${panelOf(different)}: ${difference(different, backend)}`,
      query: different.query,
      likelyCause: `Grafana asks another ${backend} than verify does, or its data source makes something else of the query`,
      nextStep: `${backend.toUpperCase()}_URL in Grafana’s environment; open the panel and look at what its query inspector shows`,
    })
  }
  const compared = answer.value.map((one) => `${panelOf(one)} ${one.backend.length}`)
  return { ...finding, status: 'pass', seen: `the same rows: ${compared.join(', ')}` }
}

function isSame({ backend, grafana, anyOf }: Compared): boolean {
  if (anyOf !== undefined && backend.length >= anyOf) return grafana.length === backend.length
  return backend.length === grafana.length && backend.every((row, at) => row === grafana[at])
}

function difference({ backend, grafana }: Compared, name: string): string {
  const only = (rows: readonly string[], others: readonly string[]) =>
    rows.filter((row) => !others.includes(row)).slice(0, SHOWN)
  const [here, there] = [only(grafana, backend), only(backend, grafana)]
  return [
    `${grafana.length} rows by Grafana, ${backend.length} by ${name}`,
    ...(here.length > 0 ? [`only by Grafana ${here.join('; ')}`] : []),
    ...(there.length > 0 ? [`only by ${name} ${there.join('; ')}`] : []),
  ].join(', ')
}

function panelOf({ target }: Compared): string {
  return `“${target.panelTitle}” of ${target.dashboardUid}`
}
