/**
 * Sales open: for a while many times the everyday traffic, then everyday traffic again. During the spike a shop may turn
 * visitors away; what counts is that it answers those whom it lets in, and is well again when the crowd has gone.
 */
import type { Options, Scenario } from 'k6/options'
import { summaryTrendStats, systemTags, virtualUsers } from './lib/load.ts'
import { mixSeconds, openShop, type Shop, visitSomehow } from './lib/mix.ts'
import { durationSeconds, ratePerSecond, spikeFactor } from './lib/settings.ts'

export { handleSummary } from './lib/summary.ts'

const rate = ratePerSecond(15)
const peak = rate * spikeFactor(8)
/** Before, spike, recovery and after, a quarter each; nothing is asked of the recovery. */
const phase = Math.max(1, Math.floor(durationSeconds('4m') / 4))

const constant = (startPhase: number): Scenario => ({
  executor: 'constant-arrival-rate',
  exec: 'visit',
  startTime: `${startPhase * phase}s`,
  rate: Math.max(1, Math.round(rate * 10)),
  timeUnit: '10s',
  duration: `${phase}s`,
  ...virtualUsers(rate, mixSeconds),
  gracefulStop: '10s',
})

export const options: Options = {
  scenarios: {
    before: constant(0),
    spike: {
      executor: 'ramping-arrival-rate',
      exec: 'visit',
      startTime: `${phase}s`,
      startRate: Math.round(rate * 10),
      timeUnit: '10s',
      stages: [
        { target: Math.round(peak * 10), duration: `${Math.ceil(phase / 10)}s` },
        { target: Math.round(peak * 10), duration: `${Math.max(1, phase - Math.ceil(phase / 10))}s` },
      ],
      ...virtualUsers(peak, mixSeconds),
      gracefulStop: '10s',
    },
    recovery: constant(2),
    after: constant(3),
  },
  thresholds: {
    http_req_failed: ['rate<0.5'],
    checks: ['rate>0.5'],
    'http_req_failed{scenario:before}': ['rate<0.01'],
    'http_req_failed{scenario:after}': ['rate<0.01'],
    // A refusal is quick; who is let in may wait, but not for ever.
    'http_req_duration{scenario:spike}': ['p(95)<5000'],
    'http_req_duration{scenario:after,expected_response:true}': ['p(95)<1000'],
  },
  systemTags,
  summaryTrendStats,
}

export const setup = (): Shop => openShop(rate)
export const visit = visitSomehow
