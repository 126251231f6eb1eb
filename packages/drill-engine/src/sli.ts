/** How the objectives that a drill harms fare: share of bad events, budget, pages. */
import type { Backends, Sample } from '@faultline/backends-client'
import { objectives as all } from '@faultline/slo'
import type { Drill } from './drill.ts'
import { type Page, pagesSince } from './environment.ts'
import { queryRange } from './evidence/ask.ts'
import type { Window } from './evidence/judge.ts'

type Harmed = Pick<Drill, 'objectives'>

/** Share of events that must not be bad, by the strictest of the objectives. */
export const targetOf = ({ objectives }: Harmed): number =>
  Math.max(...objectives.map((name) => all[name].target))

/** Share of events that may be bad, by the strictest of the objectives. */
export const budgetOf = ({ objectives }: Harmed): number =>
  Math.min(...objectives.map((name) => all[name].errorBudget))

export const isPageOf = ({ objectives }: Harmed, alert: string): boolean =>
  objectives.some((name) => all[name].alerts.page === alert)

/** What paged for the objectives, or was still paging, since then, the first one first. */
export async function ownPages(
  { drill, endpoints }: { readonly drill: Harmed; readonly endpoints: { readonly pager: string } },
  sinceMs: number,
): Promise<readonly Page[]> {
  const pages = await pagesSince(endpoints.pager, sinceMs)
  return pages.filter(({ alert }) => isPageOf(drill, alert)).toSorted((a, b) => a.firedAtMs - b.firedAtMs)
}

/**
 * PromQL for the worst share of bad events. Its moments are short enough to count and long enough to hold a few samples:
 * the rule looks back for the shortest window.
 */
export const badRatioQuery = ({ objectives }: Harmed): string =>
  `max(slo:sli_error:ratio_rate5m{slo=~"${objectives.join('|')}"})`

/** Share of bad events over a window of moments, oldest first; moments without traffic are left out. */
export const badRatio = (backends: Backends, drill: Harmed, window: Window): Promise<readonly Sample[]> =>
  samples(backends, badRatioQuery(drill), window)

/** First series of a query over a window. */
export async function samples(
  backends: Backends,
  promql: string,
  window: Window,
): Promise<readonly Sample[]> {
  const [first] = await queryRange(backends, promql, window)
  return (first?.samples ?? []).filter(({ value }) => Number.isFinite(value))
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
  { startMs, endMs }: Window,
): Promise<{ used: number | undefined; peakBurnRate: number | undefined }> {
  const budget = budgetOf(drill)
  const ratios = await badRatio(backends, drill, { startMs, endMs })
  const length = `min(slo:time_window:seconds{slo=~"${drill.objectives.join('|')}"})`
  const [whole] = await samples(backends, length, { startMs: endMs, endMs })
  const average = mean(ratios)
  if (average === undefined || whole === undefined) return { used: undefined, peakBurnRate: undefined }
  return {
    used: (average * (endMs - startMs)) / 1000 / (budget * whole.value),
    peakBurnRate: Math.max(...ratios.map(({ value }) => value)) / budget,
  }
}
