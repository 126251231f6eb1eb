import type { Middleware } from 'koa'

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

/**
 * Request header that carries how many milliseconds the caller is going to wait. A duration rather than a point
 * in time, so that the clocks of two machines need not agree (as gRPC's `grpc-timeout`).
 *
 * @see https://grpc.io/docs/guides/deadlines/
 */
export const DEADLINE_HEADER = 'x-request-timeout-ms'

export interface DeadlineOptions {
  /** Deadline of a request whose caller sets none, and the longest that a caller gets, in milliseconds. */
  maxMs?: number
  /** Whether the caller may ask for less: true between services, false where strangers could cause time-outs. */
  trustIncoming?: boolean
}

export const deadlineDefaults = { maxMs: 3_000, trustIncoming: true } satisfies Required<DeadlineOptions>

/** Puts the request's {@link Deadline} into `ctx.state.deadline`: what the caller grants, at most the own limit. */
export function deadline(options: DeadlineOptions = {}): Middleware {
  const { maxMs, trustIncoming } = { ...deadlineDefaults, ...options }
  return function deadlineMiddleware(ctx, next) {
    const granted = trustIncoming ? grantedMs(ctx.get(DEADLINE_HEADER)) : undefined
    ctx.state.deadline = Deadline.after(Math.min(maxMs, granted ?? maxMs))
    return next()
  }
}

function grantedMs(header: string): number | undefined {
  return /^\d{1,9}$/.test(header) ? Number(header) : undefined
}
