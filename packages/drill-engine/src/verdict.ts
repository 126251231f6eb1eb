import type { Evidence } from './drill.ts'
import type { SeenCause } from './evidence/cause.ts'
import type { EvidenceStatus, Measured } from './evidence/verdict.ts'
import type { Page } from './pager-client.ts'

export type PhaseName = 'baseline' | 'fault' | 'recovery' | 'cure'

/** Epoch ms. */
export interface Phase {
  readonly name: PhaseName
  readonly startMs: number
  readonly endMs: number
}

export interface EvidenceVerdict extends Measured {
  readonly id: string
  readonly signal: Evidence['signal']
  readonly shows: string
  readonly query: string
  readonly threshold: string
  readonly because: string
  readonly status: EvidenceStatus
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
