/**
 * The stations of the way that verify follows, in the order in which data passes them; last the load, without which
 * all of it may be well.
 */
export const hops = [
  'edge',
  'gateway',
  'requests',
  'order',
  'services',
  'collector',
  'prometheus',
  'loki',
  'tempo',
  'pyroscope',
  'metrics',
  'logs',
  'traces',
  'profiles',
  'metrics → exemplar',
  'exemplar → trace',
  'trace → logs',
  'logs → span profile',
  'span profile → metrics',
  'order → trace',
  'order → logs',
  'order → profile',
  'rules',
  'panels',
  'grafana',
  'load',
] as const

export type Hop = (typeof hops)[number]

export const signals = ['metrics', 'logs', 'traces', 'profiles'] as const
export type Signal = (typeof signals)[number]

/** What a check found, before it is known how long it took and what else failed. */
export interface Finding {
  /** Unique within a report and the same in every run: `signal/catalog/logs`, `panel/overview/4/A`. */
  readonly id: string
  readonly hop: Hop
  readonly service?: string
  readonly signal?: Signal
  readonly status: 'pass' | 'fail' | 'skipped'
  readonly expected: string
  readonly seen: string
  /** What was asked, in the backend's language or as method and address. */
  readonly query: string
  /** Why it most likely failed, or why it was skipped. */
  readonly likelyCause?: string
  /** What to do or look at next. */
  readonly nextStep?: string
  /**
   * Checks whose failure is enough to explain a failure of this one; `*` stands for any text.
   * A failed check with a failed one among them (or behind them) is a consequence.
   */
  readonly explainedBy?: readonly string[]
  /** Skipped because there is nothing to check; what only this explains has nothing to check either. */
  readonly notApplicable?: boolean
  /** Asking again cannot change it: the time in which it could have come has passed. */
  readonly final?: boolean
}

/** A finding of what is not as expected. */
export function fail(
  base: Omit<Finding, 'status' | 'seen'>,
  why: Pick<Finding, 'seen'> & Partial<Finding>,
): Finding {
  return { ...base, ...why, status: 'fail' }
}

/** A finding in its report. */
export interface Check extends Omit<Finding, 'explainedBy' | 'notApplicable' | 'final'> {
  /** The check whose failure explains this one's. */
  readonly consequenceOf?: string
  /** From the first question to the last answer, in ms. */
  readonly durationMs: number
}

/** The first station where the way is broken: of all failed checks that no other explains, the earliest. */
export interface BrokenHop {
  readonly hop: Hop
  readonly check: string
  readonly likelyCause: string
  readonly nextStep: string
}

export interface VerifyReport {
  /** True when no check failed; one may have been skipped because it did not apply. */
  readonly ok: boolean
  /** When verify began; nothing older counts as evidence. ISO 8601. */
  readonly begin: string
  readonly durationMs: number
  /** Requests of verify's own; their ids begin with the marker. */
  readonly requests: { readonly marker: string; readonly sent: number; readonly answered: number }
  readonly services: readonly { readonly name: string; readonly instances: readonly string[] }[]
  readonly firstBrokenHop?: BrokenHop
  /** What to bear in mind about all of it. */
  readonly notes?: readonly string[]
  readonly counts: { readonly passed: number; readonly failed: number; readonly skipped: number }
  readonly checks: readonly Check[]
}
