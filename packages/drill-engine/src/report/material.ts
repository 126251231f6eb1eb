import { createBackends, type RangeSeries } from '@faultline/backends-client'
import type { Endpoints } from '@faultline/runtime'
import { drillClock } from '@faultline/slo'
import type { Drill } from '../drill.ts'
import type { Window } from '../evidence/answer.ts'
import { answered, RANGE_OPTIONS } from '../evidence/ask.ts'
import { badRatioQuery } from '../sli.ts'
import type { Verdict } from '../verdict.ts'

/** A line of a chart: epoch seconds and values, as uPlot takes them. */
export interface Line {
  readonly label: string
  readonly times: readonly number[]
  readonly values: readonly (number | null)[]
}

/** What the report draws beyond the verdict, over the whole drill. */
export interface Material {
  readonly window: Window
  /** Bad share of the worst objective. */
  readonly badRatio: readonly Line[]
  /** Requests a second at the gateway, by outcome. */
  readonly load: readonly Line[]
  /** By id, of evidence in metrics. */
  readonly metrics: Readonly<Record<string, readonly Line[]>>
}

/** Before the baseline and after the cure, for the eye, in ms. */
const MARGIN_MS = 6000
/** More lines than this are a tangle. */
const MAX_LINES = 6
const RATE_WINDOW = `[${drillClock.shortWindowMs}ms]`
const SERVED = 'http_server_request_duration_seconds_count{service_name="gateway"'

export async function collectMaterial(
  verdict: Verdict,
  drill: Drill,
  endpoints: Endpoints,
): Promise<Material> {
  const { prometheus } = createBackends(endpoints)
  const first = verdict.phases[0]?.startMs ?? Date.parse(verdict.startedAt)
  const last = verdict.phases.at(-1)?.endMs ?? first
  const window = { startMs: first - MARGIN_MS, endMs: last + MARGIN_MS }
  const lines = async (promql: string, label?: string): Promise<readonly Line[]> => {
    const series = await answered(() => prometheus.queryRange(promql, { ...window, ...RANGE_OPTIONS }))
    return series.slice(0, MAX_LINES).map((one) => lineOf(one, label))
  }
  const metrics = drill.evidence.filter((evidence) => evidence.signal === 'metrics')
  const [badRatio, failed, served, ...drawn] = await Promise.all([
    lines(badRatioQuery(drill), 'bad share'),
    lines(`sum(rate(${SERVED},http_response_status_code=~"5.."}${RATE_WINDOW})) or vector(0)`, 'failed'),
    lines(`sum(rate(${SERVED}}${RATE_WINDOW}))`, 'all requests'),
    ...metrics.map(({ promql }) => lines(promql)),
  ])
  return {
    window,
    badRatio,
    // the first line is drawn in red
    load: [...failed, ...served],
    metrics: Object.fromEntries(metrics.map(({ id }, i) => [id, drawn[i] ?? []])),
  }
}

function lineOf({ labels, samples }: RangeSeries, label: string | undefined): Line {
  const named = Object.entries(labels).filter(([name]) => name !== '__name__')
  return {
    label: label ?? (named.map(([, value]) => value).join(' ') || 'value'),
    times: samples.map(({ timeMs }) => timeMs / 1000),
    values: samples.map(({ value }) => (Number.isFinite(value) ? value : null)),
  }
}
