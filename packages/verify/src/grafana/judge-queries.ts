import type { Answer } from '../answer.ts'
import type { Target } from '../panels/dashboard.ts'
import type { Finding } from '../report/check.ts'
import { BACKEND_OF, type DataSource, failedAtGrafana } from './judge-grafana.ts'

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
export function judgeQueries(
  { uid, type }: DataSource,
  answer: Answer<readonly Compared[]>,
  late: boolean,
): Finding {
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
    final: late,
  } as const
  if ('error' in answer) {
    const { error } = answer
    return { ...finding, ...failedAtGrafana(error), query: error.query, explainedBy: finding.explainedBy }
  }
  if (answer.value.length === 0) {
    return {
      ...finding,
      status: 'fail',
      seen: `no query of a panel has data from ${backend}`,
      likelyCause: `there is nothing to compare: ${backend} has no data since verify began`,
      nextStep: 'the failures of hop panels, if there are any; else run verify again',
      explainedBy: [...finding.explainedBy, `signal/*/${SIGNAL_OF[backend] ?? '*'}`, 'requests'],
    }
  }
  const refused = answer.value.find(({ error }) => error !== undefined)
  if (refused !== undefined) {
    return {
      ...finding,
      status: 'fail',
      seen: `${panelOf(refused)}: ${refused.error}`,
      query: refused.query,
      likelyCause: `Grafana does not reach ${backend} from where it runs, or ${backend} does not take the query as its data source sends it`,
      nextStep: `${backend.toUpperCase()}_URL, HTTP_PROXY and NO_PROXY in Grafana’s environment; faultline logs grafana`,
    }
  }
  const different = answer.value.find((one) => !isSame(one))
  if (different !== undefined) {
    return {
      ...finding,
      status: 'fail',
      seen: `${panelOf(different)}: ${difference(different, backend)}`,
      query: different.query,
      likelyCause: `Grafana asks another ${backend} than verify does, or its data source makes something else of the query`,
      nextStep: `${backend.toUpperCase()}_URL in Grafana’s environment; open the panel and look at what its query inspector shows`,
    }
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
