import { Counter, Gauge } from 'prom-client'
import type { MetricsRegistry } from '../telemetry-types.ts'
import { RETRY_POLICIES, type RetryPolicy } from './retry-policy.ts'

/** Gauge values of a breaker's state. */
export const BREAKER_STATES = { closed: 0, half_open: 1, open: 2 } as const
export type BreakerState = keyof typeof BREAKER_STATES

/** What the resilience policies of the outgoing HTTP report; `replica` is the place in the configured list. */
export interface ResilienceMetrics {
  calls: Counter<'peer_service' | 'outcome'>
  retries: Counter<'peer_service'>
  budgetExhausted: Counter<'peer_service'>
  budgetTokens: Gauge<'peer_service'>
  timeouts: Counter<'peer_service'>
  breakerState: Gauge<'peer_service' | 'replica'>
  breakerTransitions: Counter<'peer_service' | 'replica' | 'state'>
  bulkheadInFlight: Gauge<'peer_service'>
  bulkheadRejected: Counter<'peer_service'>
  /** The policy in force, by dependency; asked when metrics are read, as a flag changes without a call. */
  policies: Map<string, () => RetryPolicy>
}

const metricsOf = new WeakMap<MetricsRegistry, ResilienceMetrics>()

/** The metrics on a registry; made once, however many clients share it. */
export function resilienceMetrics(register: MetricsRegistry): ResilienceMetrics {
  const existing = metricsOf.get(register)
  if (existing) return existing
  const registers = [register]
  const peer = ['peer_service'] as const
  const replica = ['peer_service', 'replica'] as const
  const policies: ResilienceMetrics['policies'] = new Map()
  new Gauge({
    name: 'resilience_retry_policy',
    help: '1 for the retry policy that calls to a dependency follow, 0 for the other',
    labelNames: [...peer, 'policy'],
    registers,
    collect() {
      for (const [dependency, current] of policies) {
        for (const policy of RETRY_POLICIES) {
          this.set({ peer_service: dependency, policy }, policy === current() ? 1 : 0)
        }
      }
    },
  })
  const metrics: ResilienceMetrics = {
    policies,
    calls: new Counter({
      name: 'resilience_calls_total',
      help: 'Calls to a dependency by how they ended, retries included',
      labelNames: [...peer, 'outcome'],
      registers,
    }),
    retries: new Counter({
      name: 'resilience_retries_total',
      help: 'Attempts beyond the first',
      labelNames: peer,
      registers,
    }),
    budgetExhausted: new Counter({
      name: 'resilience_retry_budget_exhausted_total',
      help: 'Retries not made because the budget was used up',
      labelNames: peer,
      registers,
    }),
    budgetTokens: new Gauge({
      name: 'resilience_retry_budget_tokens',
      help: 'Retries that the budget would grant right now',
      labelNames: peer,
      registers,
    }),
    timeouts: new Counter({
      name: 'resilience_timeouts_total',
      help: 'Attempts given up because they took too long',
      labelNames: peer,
      registers,
    }),
    breakerState: new Gauge({
      name: 'resilience_breaker_state',
      help: 'Circuit breaker of a replica: 0 closed, 1 half open, 2 open',
      labelNames: replica,
      registers,
    }),
    breakerTransitions: new Counter({
      name: 'resilience_breaker_transitions_total',
      help: 'Changes of a circuit breaker to a state',
      labelNames: [...replica, 'state'],
      registers,
    }),
    bulkheadInFlight: new Gauge({
      name: 'resilience_bulkhead_in_flight',
      help: 'Calls under way to a dependency',
      labelNames: peer,
      registers,
    }),
    bulkheadRejected: new Counter({
      name: 'resilience_bulkhead_rejected_total',
      help: 'Calls refused because too many were under way',
      labelNames: peer,
      registers,
    }),
  }
  metricsOf.set(register, metrics)
  return metrics
}
