/** A point in time after which an answer is of no use any more. Monotonic, so a changed clock does not move it. */
export class Deadline {
  private readonly expiresAt: number

  private constructor(expiresAt: number) {
    this.expiresAt = expiresAt
  }

  /** @param timeoutMs milliseconds from now */
  static after(timeoutMs: number): Deadline {
    return new Deadline(performance.now() + timeoutMs)
  }

  /** Milliseconds left; never negative. */
  remainingMs(): number {
    return Math.max(0, this.expiresAt - performance.now())
  }

  /**
   * Waits for the promise, but not past the deadline; the work behind the promise goes on.
   *
   * @throws DeadlineExceededError
   */
  async race<T>(promise: Promise<T>): Promise<T> {
    const { promise: expired, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(new DeadlineExceededError()), this.remainingMs())
    try {
      return await Promise.race([promise, expired])
    } finally {
      clearTimeout(timer)
    }
  }
}

export class DeadlineExceededError extends Error {
  override readonly name = 'DeadlineExceededError'

  constructor() {
    super('the deadline of the request has passed')
  }
}
