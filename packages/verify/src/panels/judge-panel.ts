import type { BackendError } from '@faultline/backends-client'
import { type Answer, failedCall } from '../answer.ts'
import type { Finding } from '../report/check.ts'
import type { Target } from './dashboard.ts'
import type { EmptyIsHealthy } from './expectations.ts'
import type { TargetResult } from './run-target.ts'
import type { Values } from './variables.ts'

/** One choice of the variables and what the query gave for it. */
export interface Tried {
  readonly values: Values
  readonly result: Answer<TargetResult>
}

export interface PanelEvidence {
  readonly target: Target
  readonly mayBeEmpty: EmptyIsHealthy | undefined
  /** Names of metrics that the query reads. */
  readonly metrics: readonly string[]
  readonly tried: readonly Tried[]
  readonly late: boolean
}

/** Which signals stand behind a data source: without them its panels are empty. */
const BEHIND: Readonly<Record<string, readonly string[]>> = {
  prometheus: ['reach/prometheus', 'signal/*/metrics'],
  loki: ['reach/loki', 'signal/*/logs'],
  tempo: ['reach/tempo', 'signal/*/traces', 'link/exemplar-trace', 'exemplars/stored'],
  'grafana-pyroscope-datasource': ['reach/pyroscope', 'signal/*/profiles', 'link/logs-profile/*'],
}

/** Whether a panel's query shows data since verify began, for every choice of the variables. */
export function judgePanel({ target, mayBeEmpty, metrics, tried, late }: PanelEvidence): Finding {
  const { dashboardUid, panelId, refId, panelTitle, datasource } = target
  const results = tried.flatMap(({ result }) => ('value' in result ? [result.value] : []))
  const empty = tried.filter(({ result }) => 'value' in result && result.value.series === 0)
  const counts = tried.map(
    ({ values, result }) => `${'value' in result ? result.value.series : '?'}${describe(values)}`,
  )
  const seriesCount = tried.length === 0 ? 'not asked' : `${counts.join(', ')} series`
  const finding = {
    id: `panel/${dashboardUid}/${panelId}/${refId}`,
    hop: 'panels',
    expected: `“${panelTitle}” has at least one series${expectationNote(mayBeEmpty)}`,
    query:
      (empty[0] !== undefined && 'value' in empty[0].result ? empty[0].result.value : results[0])?.query ??
      '',
    seen: seriesCount,
    explainedBy: [
      'reach/collector',
      'requests',
      ...(BEHIND[datasource] ?? []),
      ...metrics.map((name) => `metric/${name}`),
    ],
    final: late,
  } as const
  for (const { result } of tried) {
    if ('error' in result)
      return {
        ...finding,
        query: result.error.query,
        ...failedCall(result.error),
        explainedBy: finding.explainedBy,
      }
  }
  const problem = results.find((result) => result.problem !== undefined)?.problem
  const enough =
    mayBeEmpty?.when === 'healthy' ||
    (mayBeEmpty?.when === 'other-service' ? empty.length < tried.length : empty.length === 0)
  if (tried.length > 0 && enough && (problem === undefined || mayBeEmpty !== undefined)) {
    return { ...finding, status: 'pass' }
  }
  return {
    ...finding,
    status: 'fail',
    seen: problem ?? seriesCount,
    likelyCause: 'the query’s names or labels do not match what arrives',
    nextStep: `ask ${datasource} the query without its matchers; if empty is healthy here, say so in grafana/expectations.json`,
  }
}

/** A panel whose dashboard's variables could not be listed, so that its query cannot be asked. */
export function judgeUnasked(target: Target, error: BackendError, late: boolean): Finding {
  const finding = judgePanel({ target, mayBeEmpty: undefined, metrics: [], tried: [], late })
  const { explainedBy = [] } = finding
  const failed = failedCall(error)
  return { ...finding, ...failed, query: error.query, explainedBy: [...explainedBy, ...failed.explainedBy] }
}

function expectationNote(mayBeEmpty: EmptyIsHealthy | undefined): string {
  if (mayBeEmpty === undefined) return ''
  return mayBeEmpty.when === 'healthy'
    ? `, or none: ${mayBeEmpty.why}`
    : ` for some service (${mayBeEmpty.why})`
}

/** Variables that make a difference: those that are not "everything". */
function describe(values: Values): string {
  const chosen = [...values].filter(([, value]) => value.length === 1 && value[0] !== '' && value[0] !== '.*')
  return chosen.length === 0 ? '' : ` (${chosen.map(([name, value]) => `${name}=${value[0]}`).join(', ')})`
}
