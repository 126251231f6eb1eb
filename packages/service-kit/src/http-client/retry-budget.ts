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
