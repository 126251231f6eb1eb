import type { Backends, InstantSeries } from '@faultline/backends-client'
import * as z from 'zod'
import type { Target } from './dashboard.ts'
import { onlyLinesSince } from './logql.ts'
import { onlyDataSince } from './promql.ts'
import { type BuiltIns, substitute, type Values } from './variables.ts'

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
  readonly builtIns: BuiltIns
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
export type TargetModel = z.infer<typeof targetModel>
/** Enough to see that there are some. */
const LIMIT = 20
/** Points of a profile's series are rounded to this, so the first may hold what is older. */
const PROFILE_STEP_MS = 1_000
const READS_NOTHING = 'the query reads no data: it has a value whatever happens'

/** Asks a panel's query the way its data source would. Rejects with a BackendError. */
export function runTarget(
  target: Target,
  backends: Backends,
  options: RunTargetOptions,
): Promise<TargetResult> {
  const fields = targetModel.parse(target.model)
  const put = (query: string) => substitute(query, options.values, options.builtIns)
  switch (target.datasource) {
    case 'prometheus':
      return runPromql(put(fields.expr), backends, options)
    case 'loki':
      return runLogql(put(fields.expr), backends, options)
    case 'tempo':
      // Grafana draws the service map from metrics.
      if (fields.queryType === 'serviceMap')
        return runPromql('traces_service_graph_request_total', backends, options)
      return runTraceql(put(fields.query), backends, options)
    case 'grafana-pyroscope-datasource':
      return runProfile({ ...fields, labelSelector: put(fields.labelSelector) }, backends, options)
    default:
      return Promise.resolve({
        query: JSON.stringify(target.model),
        series: 0,
        problem: `verify does not know the data source ${target.datasource}`,
      })
  }
}

async function runPromql(
  promql: string,
  { prometheus }: Backends,
  { beginMs }: RunTargetOptions,
): Promise<TargetResult> {
  const sinceMs = Math.max(1_000, Date.now() - beginMs)
  const query = onlyDataSince(promql, sinceMs)
  if (query === undefined) return { query: promql, series: 0, problem: READS_NOTHING }
  const result = await prometheus.query(query, { lookbackMs: sinceMs })
  return { query, series: seriesWithData(result) }
}

/** Series whose value is a number; NaN is what dividing nothing by nothing gives. */
export function seriesWithData(series: readonly InstantSeries[]): number {
  return series.filter(({ value }) => !Number.isNaN(value)).length
}

async function runLogql(
  logql: string,
  { loki }: Backends,
  { beginMs }: RunTargetOptions,
): Promise<TargetResult> {
  const nowMs = Date.now()
  const since = onlyLinesSince(logql, Math.max(1_000, nowMs - beginMs))
  if (since === undefined) return { query: logql, series: 0, problem: READS_NOTHING }
  const query = since.text
  if (since.kind === 'lines') {
    const { streams } = await loki.queryRange(query, { startMs: beginMs, endMs: nowMs, limit: LIMIT })
    return { query, series: streams }
  }
  return { query, series: seriesWithData(await loki.query(query, { timeMs: nowMs })) }
}

async function runTraceql(
  query: string,
  { tempo }: Backends,
  { beginMs }: RunTargetOptions,
): Promise<TargetResult> {
  const traces = await tempo.search(query, { startMs: beginMs, endMs: Date.now(), limit: LIMIT })
  return { query, series: traces.length }
}

async function runProfile(
  { profileTypeId, labelSelector, groupBy, queryType }: TargetModel,
  { pyroscope }: Backends,
  { beginMs }: RunTargetOptions,
): Promise<TargetResult> {
  const range = { startMs: beginMs, endMs: Date.now() }
  const query = `${profileTypeId} ${labelSelector}${groupBy.length > 0 ? ` by (${groupBy.join(', ')})` : ''}`
  if (queryType === 'metrics') {
    const series = await pyroscope.selectSeries(profileTypeId, labelSelector, {
      ...range,
      stepMs: PROFILE_STEP_MS,
      groupBy,
    })
    const isNew = ({ timeMs, value }: { timeMs: number; value: number }) =>
      value > 0 && timeMs > beginMs + PROFILE_STEP_MS
    return { query, series: series.filter(({ points }) => points.some(isNew)).length }
  }
  const { total, root } = await pyroscope.mergeStacktraces(profileTypeId, labelSelector, range)
  return { query, series: total > 0 ? root.children.length : 0 }
}
