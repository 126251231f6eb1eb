import type { Options, Scenario } from 'k6/options'
import { routes } from './routes.ts'
import { routeLatency } from './summary.ts'

/** How often a scenario starts an iteration, as a share of the whole script's rate. */
export interface Share {
  /** Name of the exported function that is one iteration. */
  readonly exec: string
  /** 0 to 1. */
  readonly share: number
  /** How long an iteration takes when the shop is quick, in seconds. Default 1. */
  readonly seconds?: number
}

/**
 * An open model: iterations start at a rate whatever the answers take, as visitors do who know nothing of each other.
 * A closed loop would slow down with the system and hide the very latency that it is to show.
 *
 * @param iterationsPerSecond of all scenarios together
 */
export function openModel(
  shares: Readonly<Record<string, Share>>,
  iterationsPerSecond: number,
  duration: string,
): Record<string, Scenario> {
  return Object.fromEntries(
    Object.entries(shares).map(([name, { exec, share, seconds = 1 }]) => {
      const rate = iterationsPerSecond * share
      return [
        name,
        {
          executor: 'constant-arrival-rate',
          exec,
          // k6 takes whole numbers only: counted in ten seconds, a share of a small rate stays exact enough.
          rate: Math.max(1, Math.round(rate * 10)),
          timeUnit: '10s',
          duration,
          ...virtualUsers(rate, seconds),
          gracefulStop: '10s',
        },
      ]
    }),
  )
}

/**
 * Little's law: enough virtual users for iterations that take five times as long as they should. Beyond that k6 drops
 * iterations, and a threshold says so.
 */
export const virtualUsers = (rate: number, seconds: number): { preAllocatedVUs: number; maxVUs: number } => ({
  preAllocatedVUs: Math.max(2, Math.ceil(rate * seconds)),
  maxVUs: Math.max(4, Math.ceil(rate * seconds * 5)),
})

/**
 * Tags that k6 itself puts on every sample. Without `url` and `ip`, which would make labels out of ids and
 * addresses, and without `vu`, `iter`, `group`, `proto`, which no panel asks for.
 */
export const systemTags: NonNullable<Options['systemTags']> = [
  'scenario',
  'name',
  'method',
  'status',
  'error_code',
  'expected_response',
  'check',
]

/** Statistics of the end-of-test summary; thresholds compute their own. */
export const summaryTrendStats = ['med', 'p(95)', 'p(99)', 'max']

/** 95 % of the requests of each route are to be quicker than this, in milliseconds. */
export type RouteLimits = Partial<Record<keyof typeof routes, number>>

/** One threshold on `http_req_duration` a route; each also makes the summary show that route. */
export function latencyThresholds(limits: RouteLimits): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(limits).map(([key, milliseconds]) => [
      routeLatency(routes[key as keyof RouteLimits]),
      [`p(95)<${milliseconds}`],
    ]),
  )
}
