import type { PhaseName } from './verdict.ts'

/** What a drill tells while it runs. */
export type Progress =
  | { readonly kind: 'phase'; readonly phase: 'preparation' | PhaseName | 'report'; readonly text: string }
  | { readonly kind: 'event'; readonly text: string }
  /** How far the evidence is, from time to time. */
  | { readonly kind: 'evidence'; readonly met: readonly string[]; readonly open: readonly string[] }
