import { type Answer, failedCall } from '../answer.ts'
import type { Finding } from '../report/check.ts'

/** Metrics that the load generator sends. */
export const LOAD_PREFIX = 'k6_'
export const LOAD_QUERY = (sinceSeconds: number): string =>
  `count(last_over_time({__name__=~"${LOAD_PREFIX}.+"}[${sinceSeconds}s]))`

/** Requests a second that are not verify's own and yet no load: a person trying something, a health check. */
const MAX_STRAY_RATE = 1

export interface LoadEvidence {
  readonly query: string
  /** Series of the load generator since verify began. */
  readonly series: Answer<number>
  /** Requests that the kit served since verify began, verify's own aside; undefined where it cannot be known. */
  readonly otherRequests: number | undefined
  readonly sinceMs: number
  readonly late: boolean
}

/**
 * Whether the load generator's metrics arrive. Without any load there are none, which is no failure; what
 * tells is whether anybody but verify sends requests.
 */
export function judgeLoad({ query, series, otherRequests, sinceMs, late }: LoadEvidence): Finding {
  const finding = {
    id: 'load/k6',
    hop: 'load',
    expected: 'metrics of the load generator, if load is offered',
    query,
    explainedBy: ['reach/collector', 'reach/prometheus', 'signal/*/metrics'],
    final: late,
  } as const
  if ('error' in series) return { ...finding, ...failedCall(series.error) }
  if (series.value > 0) return { ...finding, status: 'pass', seen: `${series.value} series` }
  const rate = otherRequests === undefined ? undefined : otherRequests / (sinceMs / 1_000)
  if (rate !== undefined && rate > MAX_STRAY_RATE) {
    return {
      ...finding,
      status: 'fail',
      seen: `none, while ${rate.toFixed(1)} requests a second come from somebody else`,
      likelyCause: 'the load generator does not reach the collector, or the load is not k6’s',
      nextStep: 'look at logs/k6.log in the state folder',
    }
  }
  return {
    ...finding,
    status: 'skipped',
    notApplicable: true,
    seen: 'no load is offered',
    likelyCause: 'no load is offered: only verify sends requests',
    nextStep: 'npx faultline load steady beside verify',
  }
}
