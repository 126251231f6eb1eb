import type { Backends, Sample } from '@faultline/backends-client'
import { objectives as all } from '@faultline/slo'
import type { Drill } from './drill.ts'
import type { Window } from './evidence/answer.ts'
import { answered, RANGE_OPTIONS } from './evidence/ask.ts'

type Harmed = Pick<Drill, 'objectives'>

/** Alerts that page for the objectives that a drill harms. */
export const pagesOf = ({ objectives }: Harmed): readonly string[] =>
  objectives.map((name) => all[name].alerts.page)

/** Share of events that must not be bad, by the strictest of the objectives. */
export const targetOf = ({ objectives }: Harmed): number =>
  Math.max(...objectives.map((name) => all[name].target))

/** Share of events that may be bad, by the strictest of the objectives. */
export const budgetOf = ({ objectives }: Harmed): number =>
  Math.min(...objectives.map((name) => all[name].errorBudget))

/**
 * PromQL for the worst share of bad events. Its moments are short enough to count and long enough to hold a few samples:
 * the rule looks back for the shortest window.
 */
export const badRatioQuery = ({ objectives }: Harmed): string =>
  `max(slo:sli_error:ratio_rate5m{slo=~"${objectives.join('|')}"})`

/** Share of bad events over a window of moments, oldest first; moments without traffic are left out. */
export async function badRatio(
  backends: Backends,
  drill: Harmed,
  window: Window,
): Promise<readonly Sample[]> {
  return samples(backends, badRatioQuery(drill), window)
}

/** First series of a query over a window. */
export async function samples(
  backends: Backends,
  promql: string,
  window: Window,
): Promise<readonly Sample[]> {
  const series = await answered(() => backends.prometheus.queryRange(promql, { ...window, ...RANGE_OPTIONS }))
  return (series[0]?.samples ?? []).filter(({ value }) => Number.isFinite(value))
}

/** Mean of samples; undefined without any. */
export function mean(of: readonly Sample[]): number | undefined {
  return of.length === 0 ? undefined : of.reduce((sum, { value }) => sum + value, 0) / of.length
}

/** Seconds from a moment to the last one that was bad; 0 when none was. */
export function secondsUntilGood(of: readonly Sample[], fromMs: number, budget: number): number {
  const last = of.findLast(({ value, timeMs }) => timeMs >= fromMs && value > budget)
  return last === undefined ? 0 : (last.timeMs - fromMs) / 1000
}

/** Share of the objective's budget that a time used up, if traffic were even over the objective's window. */
export async function budgetUsed(
  backends: Backends,
  drill: Harmed,
  window: Window,
): Promise<{ used: number | undefined; peakBurnRate: number | undefined }> {
  const budget = budgetOf(drill)
  const ratios = await badRatio(backends, drill, window)
  const length = `min(slo:time_window:seconds{slo=~"${drill.objectives.join('|')}"})`
  const [whole] = await samples(backends, length, { startMs: window.endMs, endMs: window.endMs })
  const average = mean(ratios)
  if (average === undefined || whole === undefined) return { used: undefined, peakBurnRate: undefined }
  const seconds = (window.endMs - window.startMs) / 1000
  return {
    used: (average * seconds) / (budget * whole.value),
    peakBurnRate: Math.max(...ratios.map(({ value }) => value)) / budget,
  }
}
