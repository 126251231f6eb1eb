import type { Verdict } from './verdict.ts'

/** Whoever is paged later than this hears of the failure from visitors first. */
const MOST_SECONDS_TO_PAGE = 60

export type Judged = Omit<Verdict, 'outcome' | 'failures' | 'durationSeconds'>

/**
 * What did not hold. The control fails by this too: nothing of what the drill claims is there without its fault.
 * @param target a kit that serves less than this share before the fault is not healthy, and shows nothing of the fault
 */
export function failuresOf(judged: Judged, target: number): string[] {
  const { servedBefore, evidence, page, timeToPageSeconds, budget } = judged
  const { phases, alerts, cause, redHerrings, recovery, cure } = judged
  const before = phases.find(({ name }) => name === 'baseline')
  const early = alerts.filter(
    ({ firedAtMs, severity }) =>
      severity === 'page' && before !== undefined && firedAtMs >= before.startMs && firedAtMs < before.endMs,
  )
  return [
    ...(servedBefore !== undefined && servedBefore >= target
      ? []
      : [`less than ${target * 100} % of the load was served well before the fault`]),
    ...evidence.filter(({ status }) => status !== 'met').map(({ id, status }) => `${id}: ${status}`),
    ...early.map(({ alert }) => `${alert} paged before the fault`),
    ...(page === undefined ? ['no page arrived'] : []),
    ...(timeToPageSeconds !== undefined && timeToPageSeconds > MOST_SECONDS_TO_PAGE
      ? [`the page took more than ${MOST_SECONDS_TO_PAGE} s`]
      : []),
    ...(budget.peakBurnRate !== undefined && budget.peakBurnRate > 1
      ? []
      : ['the fault did not harm the objective, so that a cure would prove nothing']),
    ...(cause === undefined ? ['no stored trace shows the cause'] : []),
    ...redHerrings.filter(({ refuted }) => !refuted).map(({ explanation }) => `not refuted: ${explanation}`),
    ...(recovery === undefined || recovery.ok ? [] : ['the system did not recover as it should']),
    ...(cure === undefined || cure.ok ? [] : ['the objective did not hold with the protection on']),
  ]
}
