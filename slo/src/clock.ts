import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'

/** Length in seconds of each window as the objective names it; a profile divides it, the name stays. */
export const WINDOW_SECONDS = {
  '5m': 300,
  '30m': 1_800,
  '1h': 3_600,
  '2h': 7_200,
  '6h': 21_600,
  '1d': 86_400,
  '3d': 259_200,
} as const

/** How the same objective is watched: as written, or fast enough for a drill. */
export interface Profile {
  readonly name: 'production' | 'drill'
  /** Every window of the objective and of its alerts is divided by this. */
  readonly divisor: number
  /** How often metrics are scraped and rules evaluated; at least four samples fit in the shortest window. */
  readonly intervalSeconds: number
}

/** 30 days become one, the page's windows of 1 h and 5 m become 2 m and 10 s. */
const DRILL_DIVISOR = 30

export const PROFILES: readonly Profile[] = [
  { name: 'production', divisor: 1, intervalSeconds: intervalOf('production') },
  { name: 'drill', divisor: DRILL_DIVISOR, intervalSeconds: intervalOf('drill') },
]

/** As Prometheus is configured for the profile. */
function intervalOf(profile: Profile['name']): number {
  const file = join(import.meta.dirname, `../../backends/prometheus/prometheus.${profile}.yaml`)
  return wholeSeconds(parse(readFileSync(file, 'utf8'))?.global?.evaluation_interval, file)
}

/** @throws RangeError when `interval` is not written in seconds, such as `2s` */
export function wholeSeconds(interval: unknown, file: string): number {
  const [, seconds] = /^(\d+)s$/.exec(String(interval)) ?? []
  if (seconds === undefined) {
    throw new RangeError(
      `${file}: global.evaluation_interval must be in seconds, such as 2s, not ${interval}`,
    )
  }
  return Number(seconds)
}

const intervalMs = intervalOf('drill') * 1_000

/** The clock of the drill profile, in which the kit runs unless it is told otherwise. */
export const drillClock = {
  /** How often metrics are scraped and rules evaluated. */
  intervalMs,
  /** Shortest range of a rate: `$__rate_interval` of Grafana. */
  rateIntervalMs: 4 * intervalMs,
  /** The shortest window of the rules, called 5m in their names: so far they look back on what was before. */
  shortWindowMs: (WINDOW_SECONDS['5m'] * 1_000) / DRILL_DIVISOR,
  /** The long window of the page, called 1h. */
  pageWindowMs: (WINDOW_SECONDS['1h'] * 1_000) / DRILL_DIVISOR,
  /** Services send profiles of so much time each, as `profiles()` of `@faultline/telemetry` does by default. */
  profileMs: 10_000,
} as const

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
