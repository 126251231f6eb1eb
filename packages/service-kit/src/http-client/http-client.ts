import {
  BulkheadRejectedError,
  bulkhead,
  CircuitState,
  decorrelatedJitterGenerator,
  ExponentialBackoff,
  handleWhenResult,
  retry,
} from 'cockatiel'
import { DEADLINE_HEADER, Deadline } from '../app/deadline.ts'
import type { MetricsRegistry } from '../telemetry-types.ts'
import { attempt, DependencyError, type HttpAnswer, type HttpRequest, type Outcome } from './attempt.ts'
import { BREAKER_STATES, type BreakerState, resilienceMetrics } from './metrics.ts'
import { Replicas } from './replicas.ts'
import { callNaively, RetryBudget, type RetryBudgetOptions, type RetryPolicy } from './retries.ts'

export interface HttpClientOptions {
  /** Name of the dependency: `peer_service` of its metrics and `dependency` of problems. */
  dependency: string
  /** Its replicas. */
  origins: readonly string[]
  register: MetricsRegistry
  /** Deadline of a call that brings none, in milliseconds. */
  timeoutMs?: number
  /** Longest attempt, in milliseconds; leaves time for another one before the deadline. */
  attemptTimeoutMs?: number
  /** Retries of an idempotent call, at most. */
  maxRetries?: number
  /** Pause before a retry, in milliseconds: grows from the first to the second, with jitter. */
  retryDelayMs?: readonly [initial: number, max: number]
  retryBudget?: RetryBudgetOptions
  /** Failures of a replica in a row that open its circuit breaker. */
  breakerThreshold?: number
  /** How long an open breaker waits before it lets one call try, in milliseconds. */
  halfOpenAfterMs?: number
  /** Calls under way at a time; further ones fail at once instead of queueing. */
  maxConcurrent?: number
  /** Connections to a replica, at most. */
  connections?: number
  /** Longest answer, in bytes. */
  maxResponseBytes?: number
  /** How failures are met; asked again for every call, so that a flag can switch it. */
  retryPolicy?: () => RetryPolicy
  /** Whether the circuit breakers are on; asked again for every attempt. */
  breaker?: () => boolean
}

export const httpClientDefaults = {
  timeoutMs: 3_000,
  attemptTimeoutMs: 2_000,
  maxRetries: 2,
  retryDelayMs: [20, 200],
  retryBudget: {},
  breakerThreshold: 5,
  halfOpenAfterMs: 1_000,
  maxConcurrent: 200,
  connections: 64,
  maxResponseBytes: 1_048_576,
  retryPolicy: () => 'protected',
  breaker: () => true,
} satisfies Omit<Required<HttpClientOptions>, 'dependency' | 'origins' | 'register'>

export interface HttpCall extends HttpRequest {
  /** Whether a second attempt does no harm; GET is, of itself. */
  idempotent?: boolean
  deadline?: Deadline
}

/** Calls a dependency with everything that keeps its failures from becoming the caller's. */
export interface HttpClient {
  /**
   * @returns an answer with a status below 500
   * @throws DependencyError with the class of the failure
   */
  call(call: HttpCall): Promise<HttpAnswer>
  /** Lets the calls under way end and closes the connections. */
  close(): Promise<void>
}

const STATE_NAMES: Record<CircuitState, BreakerState> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.HalfOpen]: 'half_open',
  [CircuitState.Open]: 'open',
  [CircuitState.Isolated]: 'open',
}

/**
 * A client of one dependency. From the outside in: bulkhead, retry with jitter and a budget, balancing with a
 * circuit breaker per replica, time limit per attempt. No attempt starts after the deadline or outlives it.
 */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  const settings = { ...httpClientDefaults, ...options }
  const { dependency } = settings
  const metrics = resilienceMetrics(settings.register)
  const label = { peer_service: dependency }

  const replicas = new Replicas({
    ...settings,
    onStateChange(index, state) {
      const replica = { ...label, replica: String(index + 1) }
      metrics.breakerState.set(replica, BREAKER_STATES[STATE_NAMES[state]])
      metrics.breakerTransitions.inc({ ...replica, state: STATE_NAMES[state] })
    },
  })
  settings.origins.forEach((_, index) => {
    metrics.breakerState.set({ ...label, replica: String(index + 1) }, BREAKER_STATES.closed)
  })

  // Series that exist before the first event, so that increase() sees it and a panel can tell none from unknown.
  const { retries: retried, budgetExhausted, timeouts, bulkheadRejected } = metrics
  for (const counter of [retried, budgetExhausted, timeouts, bulkheadRejected]) counter.inc(label, 0)
  metrics.calls.inc({ ...label, outcome: 'success' }, 0)
  metrics.policies.set(dependency, settings.retryPolicy)

  const budget = new RetryBudget(settings.retryBudget)
  const limit = bulkhead(settings.maxConcurrent)
  const [initialDelay, maxDelay] = settings.retryDelayMs
  const retries = retry(
    handleWhenResult((outcome) => isRetryable(outcome as Outcome)),
    {
      maxAttempts: settings.maxRetries,
      backoff: new ExponentialBackoff({ initialDelay, maxDelay, generator: decorrelatedJitterGenerator }),
    },
  )

  async function callWithRetries(call: HttpCall): Promise<Outcome> {
    const deadline = call.deadline ?? Deadline.after(settings.timeoutMs)
    const idempotent = call.idempotent ?? call.method === 'GET'
    const tried = new Set<number>()
    let last: Outcome | undefined

    const once = async (): Promise<Outcome> => {
      const timeoutMs = Math.min(settings.attemptTimeoutMs, deadline.remainingMs())
      if (timeoutMs < 1) return final(last) ?? { failure: 'timeout', retryable: false }
      if (last === undefined) {
        budget.deposit()
      } else if (budget.withdraw()) {
        metrics.retries.inc(label)
      } else {
        metrics.budgetExhausted.inc(label)
        return final(last)
      }
      metrics.budgetTokens.set(label, budget.available)
      const outcome = await replicas.attempt(
        tried,
        (replica) => attempt(replica, withDeadline(call, timeoutMs), timeoutMs),
        settings.breaker(),
      )
      if (outcome === undefined) return final(last) ?? { failure: 'circuit_open', retryable: false }
      if (outcome.failure === 'timeout' && outcome.retryable) metrics.timeouts.inc(label)
      last = outcome
      return outcome
    }
    return idempotent ? retries.execute(once) : once()
  }

  async function callWithinBulkhead(call: HttpCall): Promise<Outcome> {
    try {
      return await limit.execute(() => callWithRetries(call))
    } catch (error) {
      if (!(error instanceof BulkheadRejectedError)) throw error
      metrics.bulkheadRejected.inc(label)
      return { failure: 'bulkhead_full', cause: error, retryable: false }
    }
  }

  const naively = (call: HttpCall): Promise<Outcome> =>
    callNaively(call, {
      attempt: () =>
        replicas.attemptUnbounded((replica) => attempt(replica, call, settings.attemptTimeoutMs)),
      stillNaive: () => settings.retryPolicy() === 'naive',
      onRetry: () => metrics.retries.inc(label),
      onTimeout: () => metrics.timeouts.inc(label),
    })

  return {
    async call(call) {
      let outcome: Outcome
      metrics.bulkheadInFlight.inc(label)
      try {
        outcome = await (settings.retryPolicy() === 'naive' ? naively(call) : callWithinBulkhead(call))
      } finally {
        metrics.bulkheadInFlight.dec(label)
      }
      metrics.calls.inc({ ...label, outcome: outcome.failure ?? 'success' })
      if (outcome.failure !== undefined) throw new DependencyError(dependency, outcome.failure, outcome.cause)
      return outcome.answer
    },
    close: () => replicas.close(),
  }
}

/** Tells the dependency how long its answer is awaited. */
function withDeadline(call: HttpCall, timeoutMs: number): HttpRequest {
  return { ...call, headers: { ...call.headers, [DEADLINE_HEADER]: String(Math.floor(timeoutMs)) } }
}

function isRetryable(outcome: Outcome): boolean {
  return outcome.failure !== undefined && outcome.retryable
}

/** The same failure, not to be retried. */
function final(outcome: Outcome): Outcome
function final(outcome: Outcome | undefined): Outcome | undefined
function final(outcome: Outcome | undefined): Outcome | undefined {
  return outcome?.failure === undefined ? outcome : { ...outcome, retryable: false }
}
