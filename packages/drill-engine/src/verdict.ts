import type { Evidence } from './drill.ts'
import type { Page } from './environment.ts'
import type { SeenCause } from './evidence/cause.ts'
import type { Judgement, Window } from './evidence/judge.ts'

export type PhaseName = 'baseline' | 'fault' | 'recovery' | 'cure'

export interface Phase extends Window {
  readonly name: PhaseName
}

export interface EvidenceVerdict extends Judgement, Pick<Evidence, 'id' | 'signal' | 'shows' | 'because'> {
  readonly query: string
  readonly threshold: string
}

export interface RouteHarm {
  readonly service: string
  readonly route: string
  readonly harmed: boolean
  readonly errorRatio: number
  readonly errorRatioBefore: number
  /** Seconds. */
  readonly p95: number | undefined
  readonly p95Before: number | undefined
}

export interface RedHerringVerdict {
  readonly explanation: string
  readonly looksRightBecause: string
  readonly shows: string
  readonly promql: string
  readonly threshold: string
  readonly value: number | undefined
  readonly refuted: boolean
}

/** How the system came back once the fault was gone. */
export interface RecoveryVerdict {
  readonly kind: 'returns' | 'metastable'
  readonly ok: boolean
  /** From the fault's end, or from the protection's start where that was needed, to the last bad moment. */
  readonly seconds: number | undefined
  /** Of a metastable failure: the least error ratio while nothing was done. */
  readonly stayedBad?: number | undefined
  readonly alertsResolved: boolean
}

export interface CureVerdict {
  readonly ok: boolean
  /** Share of bad events over the phase. */
  readonly errorRatio: number | undefined
  readonly budget: number
  /** Whether somebody was paged all the same. */
  readonly paged: boolean
}

/** Whether the drill's claims held. `cut-short` on request: the fault is left in. */
export type Outcome = 'passed' | 'failed' | 'cut-short'

export interface Verdict {
  readonly drill: string
  readonly title: string
  readonly control: boolean
  readonly outcome: Outcome
  /** What did not hold, one sentence each. */
  readonly failures: readonly string[]
  readonly startedAt: string
  readonly durationSeconds: number
  readonly phases: readonly Phase[]
  readonly page: Page | undefined
  readonly alerts: readonly Page[]
  /** From the fault to the page's arrival. */
  readonly timeToPageSeconds: number | undefined
  readonly budget: {
    /** Share of the objective's whole budget that fault and recovery used. */
    readonly used: number | undefined
    /** Most times as fast as the objective allows. */
    readonly peakBurnRate: number | undefined
  }
  /** Share of the load that was served well before the fault. */
  readonly servedBefore: number | undefined
  readonly evidence: readonly EvidenceVerdict[]
  readonly cause: (SeenCause & { readonly statement: string }) | undefined
  readonly redHerrings: readonly RedHerringVerdict[]
  readonly blastRadius: readonly RouteHarm[]
  readonly recovery: RecoveryVerdict | undefined
  readonly cure: CureVerdict | undefined
  readonly load: { readonly planned: number; readonly offered: number; readonly share: number }
}

/** Whoever is paged later than this hears of the failure from visitors first. */
const MOST_SECONDS_TO_PAGE = 60

/** A verdict before it is known what did not hold. */
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
