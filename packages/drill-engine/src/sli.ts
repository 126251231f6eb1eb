import type { Backends, Sample } from '@faultline/backends-client'
import type { Objective } from './drill.ts'
import type { Window } from './evidence/answer.ts'
import { answered, STEP_MS } from './evidence/ask.ts'

type Slos = Pick<Objective, 'slos'>

/**
 * PromQL for the worst share of bad events. Its moments are short enough to count and long enough to hold a few samples:
 * the rule's own window is 10 s.
 */
export const badRatioQuery = ({ slos }: Slos): string =>
  `max(slo:sli_error:ratio_rate5m{slo=~"${slos.join('|')}"})`

/** Share of bad events over a window of moments, oldest first; moments without traffic are left out. */
export async function badRatio(
  backends: Backends,
  objective: Slos,
  window: Window,
): Promise<readonly Sample[]> {
  return samples(backends, badRatioQuery(objective), window)
}

/** First series of a query over a window. */
export async function samples(
  backends: Backends,
  promql: string,
  window: Window,
): Promise<readonly Sample[]> {
  const { series } = await answered(() =>
    backends.prometheus.queryRange(promql, { ...window, stepMs: STEP_MS, lookbackMs: 10_000 }),
  )
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
  objective: Objective,
  window: Window,
): Promise<{ used: number | undefined; peakBurnRate: number | undefined }> {
  const { slos, budget } = objective
  const ratios = await badRatio(backends, objective, window)
  const [whole] = await samples(backends, `min(slo:time_window:seconds{slo=~"${slos.join('|')}"})`, {
    startMs: window.endMs,
    endMs: window.endMs,
  })
  const average = mean(ratios)
  if (average === undefined || whole === undefined) return { used: undefined, peakBurnRate: undefined }
  const seconds = (window.endMs - window.startMs) / 1000
  return {
    used: (average * seconds) / (budget * whole.value),
    peakBurnRate: Math.max(...ratios.map(({ value }) => value)) / budget,
  }
}
