import { IDEMPOTENCY_KEY_HEADER } from '@faultline/contracts'
import type { HttpRequest, Outcome } from './attempt.ts'

/**
 * How a client meets failures. `protected`: retries within deadline and budget, behind breaker and bulkhead. `naive`:
 * what is often written first, and turns a short slowness into a long outage; drills switch it on.
 */
export const RETRY_POLICIES = ['protected', 'naive'] as const
export type RetryPolicy = (typeof RETRY_POLICIES)[number]

export interface RetryBudgetOptions {
  /** Retries granted per call: 0.2 lets retries add at most a fifth to the load of a struggling dependency. */
  ratio?: number
  /** Retries granted per second whatever the load, so that rare calls may be retried too. */
  minPerSecond?: number
  /** Most retries saved up; has to cover the calls in flight to a replica that dies. */
  capacity?: number
  /** Milliseconds, monotonic. */
  now?: () => number
}

export const retryBudgetDefaults = {
  ratio: 0.2,
  minPerSecond: 10,
  capacity: 100,
  now: () => performance.now(),
} satisfies Required<RetryBudgetOptions>

/**
 * Keeps retries from becoming a storm: every call pays in a fraction, every retry takes one out.
 *
 * @see https://sre.google/sre-book/handling-overload/ (per-client retry budget)
 * @see https://twitter.github.io/finagle/guide/Glossary.html (RetryBudget: the defaults)
 */
export class RetryBudget {
  private tokens: number
  private refilledAt: number
  private readonly options: Required<RetryBudgetOptions>

  constructor(options: RetryBudgetOptions = {}) {
    this.options = { ...retryBudgetDefaults, ...options }
    this.tokens = this.options.capacity
    this.refilledAt = this.options.now()
  }

  /** Retries that could be made right now. */
  get available(): number {
    this.refill()
    return this.tokens
  }

  /** Counts a first attempt. */
  deposit(): void {
    this.add(this.options.ratio)
  }

  /** Takes one retry out, if there is one. */
  withdraw(): boolean {
    this.refill()
    if (this.tokens < 1) return false
    this.tokens -= 1
    return true
  }

  private refill(): void {
    const now = this.options.now()
    this.add(((now - this.refilledAt) / 1_000) * this.options.minPerSecond)
    this.refilledAt = now
  }

  private add(tokens: number): void {
    this.tokens = Math.min(this.options.capacity, this.tokens + tokens)
  }
}

/**
 * The retry policy that a drill switches on to show what the protections are for: three more attempts at once after
 * any failure, each with the whole attempt timeout. It knows of no budget, breaker, bulkhead or deadline, and so
 * multiplies: n layers of it send up to 4^n requests for one.
 *
 * @see https://sre.google/sre-book/addressing-cascading-failures/ (retries in several layers)
 * @see https://www.usenix.org/conference/osdi22/presentation/huang-lexiang (metastable failures)
 */

/** Attempts beyond the first. */
export const NAIVE_RETRIES = 3

export interface NaiveOptions {
  /** Sends the request once. */
  attempt: () => Promise<Outcome>
  /** Asked before each retry: who switches the policy off means what is under way, too. */
  stillNaive: () => boolean
  onRetry: () => void
  onTimeout: () => void
}

export async function callNaively(
  call: HttpRequest & { idempotent?: boolean },
  { attempt, stillNaive, onRetry, onTimeout }: NaiveOptions,
): Promise<Outcome> {
  const retries = isRepeatable(call) ? NAIVE_RETRIES : 0
  for (let retried = 0; ; retried++) {
    const outcome = await attempt()
    if (outcome.failure === 'timeout') onTimeout()
    if (outcome.failure === undefined || retried === retries || !stillNaive()) return outcome
    onRetry()
  }
}

/** A key makes whoever wrote such a client believe that a repeat is free. */
function isRepeatable({ method, headers, idempotent }: HttpRequest & { idempotent?: boolean }): boolean {
  return idempotent === true || method === 'GET' || headers?.[IDEMPOTENCY_KEY_HEADER] !== undefined
}
