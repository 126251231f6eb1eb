/** How the same objective is watched: as written, or fast enough for a drill. */
export interface Profile {
  readonly name: 'production' | 'drill'
  /** Every window of the objective and of its alerts is divided by this. */
  readonly divisor: number
  /** How often metrics are scraped and rules evaluated; at least four samples fit in the shortest window. */
  readonly intervalSeconds: number
}

export const PROFILES: readonly Profile[] = [
  { name: 'production', divisor: 1, intervalSeconds: 30 },
  // 30 days become one, the page's windows of 1 h and 5 m become 2 m and 10 s.
  { name: 'drill', divisor: 30, intervalSeconds: 2 },
]

const UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const

/**
 * Writes whole seconds as a Prometheus duration, largest unit first: 8640 is `2h24m`.
 *
 * @throws RangeError when `seconds` is not a whole number above 0: Prometheus has no such range.
 */
export function formatDuration(seconds: number): string {
  if (!Number.isSafeInteger(seconds) || seconds <= 0) {
    throw new RangeError(`a range is a whole number of seconds above 0, not ${seconds}`)
  }
  let rest = seconds
  let text = ''
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size)
    if (count > 0) text += `${count}${unit}`
    rest -= count * size
  }
  return text
}
