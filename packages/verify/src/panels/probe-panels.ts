import pMap from 'p-map'
import { answerOf } from '../answer.ts'
import { type Context, sinceBeginMs, sinceSentMs } from '../context.ts'
import { baseName } from '../metrics/judge-metric-names.ts'
import { promqlOf } from '../metrics/needed.ts'
import { patience } from '../patience.ts'
import type { Probe } from '../probe.ts'
import type { Finding } from '../report/check.ts'
import type { Dashboard, Target } from './dashboard.ts'
import { type EmptyIsHealthy, judgeExpectations, mayBeEmpty } from './expectations.ts'
import { judgePanel, judgeUnasked } from './judge-panel.ts'
import { metricNames } from './promql.ts'
import { resolveVariables } from './resolve.ts'
import { runTarget } from './run-target.ts'
import type { BuiltIns, Values } from './variables.ts'

const CONCURRENCY = 4
/** Four scrapes of 2 s: the least that Grafana computes from the data source's interval. */
const MIN_RATE_INTERVAL_MS = 8_000
const INTERVAL_MS = 2_000

/** Every query of every panel. Those that had data are not asked again. */
export function panelsProbe(
  dashboards: readonly Dashboard[],
  expectations: readonly EmptyIsHealthy[],
): Probe {
  const targets = dashboards.flatMap((dashboard) => dashboard.targets)
  const settled = new Map<string, Finding>()
  return {
    name: 'panels',
    hop: 'panels',
    intervalMs: 2_000,
    async observe(context) {
      if (context.found.sentUntilMs === undefined) return []
      const findings = await pMap(
        dashboards,
        async ({ targets, variables }) => {
          const values = await answerOf(resolveVariables(variables, context.backends, optionsOf(context)))
          if ('error' in values)
            return targets.map((target) => judgeUnasked(target, values.error, isLate(target, context)))
          const tried = values.value
          return pMap(
            targets,
            (target) => settled.get(idOf(target)) ?? observe(target, tried, context, expectations),
            {
              concurrency: CONCURRENCY,
            },
          )
        },
        { concurrency: 1 },
      )
      const all = findings.flat()
      for (const finding of all) if (finding.status === 'pass') settled.set(finding.id, finding)
      return [judgeExpectations(targets, expectations), ...all]
    },
  }
}

function idOf({ dashboardUid, panelId, refId }: Target): string {
  return `panel/${dashboardUid}/${panelId}/${refId}`
}

function optionsOf(context: Context) {
  const rangeMs = sinceBeginMs(context)
  // What happens once, as verify's order does, shows in a rate for as long as its window is.
  const rateIntervalMs = Math.max(MIN_RATE_INTERVAL_MS, rangeMs)
  const builtIns: BuiltIns = { rangeMs, intervalMs: INTERVAL_MS, rateIntervalMs }
  return { builtIns, beginMs: context.beginMs, signal: context.signal }
}

async function observe(
  target: Target,
  combinations: readonly Values[],
  context: Context,
  expectations: readonly EmptyIsHealthy[],
): Promise<Finding> {
  const { backends } = context
  const tried = await pMap(
    combinations,
    async (values) => ({
      values,
      result: await answerOf(runTarget(target, backends, { ...optionsOf(context), values })),
    }),
    { concurrency: 1 },
  )
  return judgePanel({
    target,
    mayBeEmpty: mayBeEmpty(target, expectations),
    metrics: metricNames(promqlOf(target)).map(baseName),
    tried,
    late: isLate(target, context),
  })
}

function isLate({ datasource }: Target, context: Context): boolean {
  const slowest = datasource === 'grafana-pyroscope-datasource' ? patience.profiles : patience.traces
  return sinceSentMs(context) > slowest
}
