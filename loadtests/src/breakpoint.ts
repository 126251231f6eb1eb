/**
 * How much is too much? The rate grows until a threshold breaks, which ends the run: exit code 99 is the expected end,
 * and the summary says at which rate it came. Exit code 0 means that MAX_RATE was too low to find out.
 */
import type { Options } from 'k6/options'
import { summaryTrendStats, systemTags, virtualUsers } from './lib/load.ts'
import { mixSeconds, openShop, type Shop, visitSomehow } from './lib/mix.ts'
import { durationSeconds, maxRatePerSecond, ratePerSecond } from './lib/settings.ts'
import { handleSummary as summarize } from './lib/summary.ts'

const first = ratePerSecond(10)
const last = maxRatePerSecond(300)
const seconds = durationSeconds('10m')

/** Ends the run, but not for a single bad answer at its beginning. */
const breaks = (threshold: string) => [
  { threshold, abortOnFail: true, delayAbortEval: `${Math.min(10, seconds)}s` },
]

export const options: Options = {
  scenarios: {
    breakpoint: {
      executor: 'ramping-arrival-rate',
      exec: 'visit',
      startRate: Math.max(1, Math.round(first * 10)),
      timeUnit: '10s',
      stages: [{ target: Math.round(last * 10), duration: `${seconds}s` }],
      // Few at first: k6 makes more as the rate grows, and does not need the memory before.
      ...virtualUsers(last, mixSeconds),
      preAllocatedVUs: Math.max(2, Math.ceil(first * mixSeconds)),
      gracefulStop: '10s',
    },
  },
  thresholds: {
    http_req_failed: breaks('rate<0.05'),
    checks: breaks('rate>0.95'),
    http_req_duration: breaks('p(95)<1000'),
  },
  systemTags,
  summaryTrendStats,
}

export const setup = (): Shop => openShop(first)
export const visit = visitSomehow

type SummaryData = Parameters<typeof summarize>[0] & {
  readonly state: { readonly testRunDurationMs: number }
}

export function handleSummary(data: SummaryData): Record<string, string> {
  const { stdout = '', ...files } = summarize(data)
  const offered = Math.min(last, first + ((last - first) * data.state.testRunDurationMs) / 1_000 / seconds)
  const line = `  the load had reached ${offered.toFixed(0)} of ${last} iterations a second when the run ended\n`
  return { ...files, stdout: `${stdout}${line}` }
}
