/** How the same objective is watched: as written, or fast enough for a drill. */
export interface Profile {
  readonly name: 'production' | 'drill'
  /** Every window of the objective and of its alerts is divided by this. */
  readonly divisor: number
  /** How often the rules are evaluated, in seconds; at least four samples fit in the shortest window. */
  readonly evaluationSeconds: number
}

export const PROFILES: readonly Profile[] = [
  { name: 'production', divisor: 1, evaluationSeconds: 30 },
  // 30 days become one, the page's windows of 1 h and 5 m become 2 m and 10 s.
  { name: 'drill', divisor: 30, evaluationSeconds: 2 },
]
