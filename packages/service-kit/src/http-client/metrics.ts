import { Counter, Gauge } from 'prom-client'
import { oncePerRegistry } from '../telemetry-types.ts'
import { RETRY_POLICIES, type RetryPolicy } from './retries.ts'

/** Gauge values of a breaker's state. */
export const BREAKER_STATES = { closed: 0, half_open: 1, open: 2 } as const
export type BreakerState = keyof typeof BREAKER_STATES

/**
 * What the resilience policies of the outgoing HTTP report, made once however many clients share the registry;
 * `replica` is the place in the configured list.
 */
export const resilienceMetrics = oncePerRegistry((register) => {
  const registers = [register]
  const peer = ['peer_service'] as const
  const replica = ['peer_service', 'replica'] as const
  /** The policy in force, by dependency; asked when metrics are read, as a flag changes without a call. */
  const policies = new Map<string, () => RetryPolicy>()
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
  return {
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
})
