import type { Backends, InstantSeries } from '@faultline/backends-client'
import * as z from 'zod'
import type { Target } from './dashboard.ts'
import { onlyLinesSince } from './logql.ts'
import { onlyDataSince } from './promql.ts'
import { substitute, type Values } from './variables.ts'

/** What a target's query gave. */
export interface TargetResult {
  /** As it was asked: variables put in, windows cut. */
  readonly query: string
  /** Series, streams, traces or stacks with data since verify began. */
  readonly series: number
  /** Why there can be none, for a query that reads no data. */
  readonly problem?: string
}

interface RunTargetOptions {
  readonly values: Values
  readonly rateIntervalMs: number
  /** Epoch ms; what is older does not count. */
  readonly beginMs: number
}

const text = z.string().default('')
/** What is read of a target's model, as Grafana writes it into the dashboard. */
export const targetModel = z.looseObject({
  expr: text,
  query: text,
  queryType: text,
  profileTypeId: text,
  labelSelector: text,
  groupBy: z.array(z.string()).default([]),
})
/** Enough to see that there are some. */
const LIMIT = 20
/** Points of a profile's series are rounded to this, so the first may hold what is older. */
const PROFILE_STEP_MS = 1_000
const READS_NOTHING = 'the query reads no data: it has a value whatever happens'

/** Series whose value is a number; NaN is what dividing nothing by nothing gives. */
export function seriesWithData(series: readonly InstantSeries[]): number {
  return series.filter(({ value }) => !Number.isNaN(value)).length
}

/** Asks a panel's query the way its data source would. Rejects with a BackendError. */
export async function runTarget(
  target: Target,
  { prometheus, loki, tempo, pyroscope }: Backends,
  { values, rateIntervalMs, beginMs }: RunTargetOptions,
): Promise<TargetResult> {
  const { expr, query, queryType, profileTypeId, labelSelector, groupBy } = targetModel.parse(target.model)
  const put = (text: string) => substitute(text, values, rateIntervalMs)
  const range = { startMs: beginMs, endMs: Date.now() }
  const sinceMs = Math.max(1_000, range.endMs - beginMs)

  async function runPromql(promql: string): Promise<TargetResult> {
    const recent = onlyDataSince(promql, sinceMs)
    if (recent === undefined) return { query: promql, series: 0, problem: READS_NOTHING }
    const series = await prometheus.query(recent, { lookbackMs: sinceMs })
    return { query: recent, series: seriesWithData(series) }
  }

  async function runLogql(logql: string): Promise<TargetResult> {
    const recent = onlyLinesSince(logql, sinceMs)
    if (recent === undefined) return { query: logql, series: 0, problem: READS_NOTHING }
    const { kind, text } = recent
    if (kind === 'lines') {
      const { streams } = await loki.queryRange(text, { ...range, limit: LIMIT })
      return { query: text, series: streams }
    }
    return { query: text, series: seriesWithData(await loki.query(text, { timeMs: range.endMs })) }
  }

  async function runProfile(selector: string): Promise<TargetResult> {
    const by = groupBy.length > 0 ? ` by (${groupBy.join(', ')})` : ''
    const asked = `${profileTypeId} ${selector}${by}`
    if (queryType === 'metrics') {
      const steps = { ...range, stepMs: PROFILE_STEP_MS, groupBy }
      const series = await pyroscope.selectSeries(profileTypeId, selector, steps)
      const recent = series.filter(({ points }) =>
        points.some(({ timeMs, value }) => value > 0 && timeMs > beginMs + PROFILE_STEP_MS),
      )
      return { query: asked, series: recent.length }
    }
    const { total, root } = await pyroscope.mergeStacktraces(profileTypeId, selector, range)
    return { query: asked, series: total > 0 ? root.children.length : 0 }
  }

  switch (target.datasource) {
    case 'prometheus':
      return runPromql(put(expr))
    case 'loki':
      return runLogql(put(expr))
    case 'tempo': {
      // Grafana draws the service map from metrics.
      if (queryType === 'serviceMap') return runPromql('traces_service_graph_request_total')
      const traceql = put(query)
      return { query: traceql, series: (await tempo.search(traceql, { ...range, limit: LIMIT })).length }
    }
    case 'grafana-pyroscope-datasource':
      return runProfile(put(labelSelector))
    default: {
      const problem = `verify does not know the data source ${target.datasource}`
      return { query: JSON.stringify(target.model), series: 0, problem }
    }
  }
}
