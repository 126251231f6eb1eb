import type { Measurement } from './answer.ts'

/** What was measured of one evidence over the drill. */
export interface Measured {
  readonly baseline: Measurement
  readonly fault: Measurement
  /** At the end of the recovery. Undefined where the drill did not come that far. */
  readonly recovered: Measurement | undefined
}

export type EvidenceStatus =
  /** Not in the baseline, there in the fault, gone again. */
  | 'met'
  /** The fault did not show. */
  | 'evidence-missing'
  /** It was there before the fault, so it shows something else. */
  | 'evidence-before-fault'
  /** The fault is gone and it is still there. */
  | 'evidence-remains'

/** What evidence comes to. What is missing is said first: nothing else about it matters then. */
export function evidenceStatus({ baseline, fault, recovered }: Measured): EvidenceStatus {
  if (!fault.met) return 'evidence-missing'
  if (baseline.met) return 'evidence-before-fault'
  if (recovered?.met === true) return 'evidence-remains'
  return 'met'
}
