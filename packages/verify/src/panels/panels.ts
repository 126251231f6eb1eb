import type { BackendError } from '@faultline/backends-client'
import { drillClock } from '@faultline/slo'
import pMap from 'p-map'
import { type CallResult, failedCall, resultOf } from '../call-result.ts'
import { type Context, isLate, sinceBeginMs } from '../context.ts'
import type { Probe } from '../probe.ts'
import { type Finding, fail } from '../report/check.ts'
import { type Dashboard, promqlOf, type Target } from './dashboard.ts'
import { type EmptyIsHealthy, judgeExpectations, mayBeEmpty } from './expectations.ts'
import { baseName, metricNames } from './promql.ts'
import { runTarget, type TargetResult } from './run-target.ts'
import { resolveVariables, type Values } from './variables.ts'

const CONCURRENCY = 4

/** Every query of every panel. Those that had data are not asked again. */
export function panelsProbe(
  context: Context,
  dashboards: readonly Dashboard[],
  expectations: readonly EmptyIsHealthy[],
): Probe {
  const { backends } = context
  const settled = new Map<string, Finding>()

  async function observeDashboard({ targets, variables }: Dashboard): Promise<readonly Finding[]> {
    const values = await resultOf(resolveVariables(variables, backends, options(context)))
    const observe = async (target: Target) => {
      const known = settled.get(panelCheck(target))
      if (known !== undefined) return known
      const final = isTargetLate(target, context)
      const finding =
        'error' in values ? judgeUnasked(target, values.error) : await observeTarget(target, values.value)
      return { ...finding, final }
    }
    return pMap(targets, observe, { concurrency: CONCURRENCY })
  }

  async function observeTarget(target: Target, combinations: readonly Values[]): Promise<Finding> {
    const run = async (values: Values) => {
      return { values, result: await resultOf(runTarget(target, backends, { ...options(context), values })) }
    }
    return judgePanel({
      target,
      mayBeEmpty: mayBeEmpty(target, expectations),
      metrics: metricNames(promqlOf(target)).map(baseName),
      tried: await pMap(combinations, run, { concurrency: 1 }),
    })
  }

  return {
    name: 'panels',
    hop: 'panels',
    intervalMs: 2_000,
    async observe() {
      const all = (await pMap(dashboards, observeDashboard, { concurrency: 1 })).flat()
      for (const finding of all) if (finding.status === 'pass') settled.set(finding.id, finding)
      const targets = dashboards.flatMap((dashboard) => dashboard.targets)
      return [judgeExpectations(targets, expectations), ...all]
    },
  }
}

function panelCheck({ dashboardUid, panelId, refId }: Target): string {
  return `panel/${dashboardUid}/${panelId}/${refId}`
}

function options(context: Context) {
  // What happens once, as verify's order does, shows in a rate for as long as its window is.
  const rateIntervalMs = Math.max(drillClock.rateIntervalMs, sinceBeginMs(context))
  return { rateIntervalMs, beginMs: context.beginMs }
}

function isTargetLate({ datasource }: Target, context: Context): boolean {
  return isLate(context, datasource === 'grafana-pyroscope-datasource' ? 'profiles' : 'traces')
}

/** One choice of the variables and what the query gave for it. */
export interface Tried {
  readonly values: Values
  readonly result: CallResult<TargetResult>
}

interface PanelEvidence {
  readonly target: Target
  readonly mayBeEmpty: EmptyIsHealthy | undefined
  /** Names of metrics that the query reads. */
  readonly metrics: readonly string[]
  readonly tried: readonly Tried[]
}

/** Which signals stand behind a data source: without them its panels are empty. */
const BEHIND: Readonly<Record<string, readonly string[]>> = {
  prometheus: ['reach/prometheus', 'signal/*/metrics'],
  loki: ['reach/loki', 'signal/*/logs'],
  tempo: ['reach/tempo', 'signal/*/traces', 'link/exemplar-trace', 'exemplars/stored'],
  'grafana-pyroscope-datasource': ['reach/pyroscope', 'signal/*/profiles', 'link/logs-profile/*'],
}

/** Whether a panel's query shows data since verify began, for every choice of the variables. */
export function judgePanel({ target, mayBeEmpty, metrics, tried }: PanelEvidence): Finding {
  const { panelTitle, datasource } = target
  const results = tried.flatMap(({ result }) => ('value' in result ? [result.value] : []))
  const empty = results.filter(({ series }) => series === 0)
  const counts = tried.map(
    ({ values, result }) => `${'value' in result ? result.value.series : '?'}${describe(values)}`,
  )
  const seriesCount = tried.length === 0 ? 'not asked' : `${counts.join(', ')} series`
  const finding = {
    id: panelCheck(target),
    hop: 'panels',
    expected: `“${panelTitle}” has at least one series${expectationNote(mayBeEmpty)}`,
    query: (empty[0] ?? results[0])?.query ?? '',
    seen: seriesCount,
    explainedBy: [
      'reach/collector',
      'requests',
      ...(BEHIND[datasource] ?? []),
      ...metrics.map((name) => `metric/${name}`),
    ],
  } as const
  for (const { result } of tried) {
    if (!('error' in result)) continue
    const { explainedBy } = finding
    return { ...finding, ...failedCall(result.error), query: result.error.query, explainedBy }
  }
  const problem = results.find((result) => result.problem !== undefined)?.problem
  const enough =
    mayBeEmpty?.when === 'healthy' ||
    (mayBeEmpty?.when === 'other-service' ? empty.length < tried.length : empty.length === 0)
  if (tried.length > 0 && enough && (problem === undefined || mayBeEmpty !== undefined)) {
    return { ...finding, status: 'pass' }
  }
  return fail(finding, {
    seen: problem ?? seriesCount,
    likelyCause: 'the query’s names or labels do not match what arrives',
    nextStep: `ask ${datasource} the query without its matchers; if empty is healthy here, say so in grafana/expectations.json`,
  })
}

/** A panel whose dashboard's variables could not be listed, so that its query cannot be asked. */
function judgeUnasked(target: Target, error: BackendError): Finding {
  const finding = judgePanel({ target, mayBeEmpty: undefined, metrics: [], tried: [] })
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
