import type { FlameGraph, FoundTrace, LogEntry, RangeSeries, Trace } from '@faultline/backends-client'

/** A phase, or a part of one. Epoch ms. */
export interface Window {
  readonly startMs: number
  readonly endMs: number
}

/**
 * What the backends said about one evidence in one window. Judges work on this alone, so a recorded answer is judged
 * as a fresh one is.
 */
export type Answer =
  | { readonly signal: 'metrics'; readonly series: readonly RangeSeries[] }
  | { readonly signal: 'logs'; readonly entries: readonly LogEntry[]; readonly limit: number }
  | {
      readonly signal: 'traces'
      readonly found: readonly FoundTrace[]
      readonly limit: number
      /** The slowest of them, whole, where it was stored. */
      readonly example: Trace | undefined
    }
  | {
      readonly signal: 'profiles'
      readonly graph: FlameGraph
      readonly window: Window
      /** What it is compared with. */
      readonly before: { readonly graph: FlameGraph; readonly window: Window } | undefined
    }

/** Evidence as measured in one window. */
export interface Measurement {
  /** Undefined where there is no data: that never counts as evidence. */
  readonly value: number | undefined
  readonly met: boolean
}
