import { type Logger, type MetricsRegistry, ProblemError } from '@faultline/service-kit'
import type { Context } from 'koa'
import { Counter } from 'prom-client'
import { type BucketSize, createTokenBuckets, type Taken } from './token-buckets.ts'

/** What is counted by; also label values. */
export const RATE_LIMIT_SCOPES = ['address', 'user', 'sign_in_address', 'sign_in_username'] as const
export type RateLimitScope = (typeof RATE_LIMIT_SCOPES)[number]

export type RateLimitSizes = Readonly<Record<RateLimitScope, BucketSize>>

/**
 * Room for the demonstration's load, 100 requests a second from one address by 50 users, and for a spike of several
 * times that; wrong passwords are worth far less. Right ones cost nothing.
 */
export const rateLimitDefaults: RateLimitSizes = {
  address: { burst: 1_000, perSecond: 500 },
  user: { burst: 200, perSecond: 50 },
  sign_in_address: { burst: 100, perSecond: 1 },
  sign_in_username: { burst: 10, perSecond: 0.1 },
}

export interface RateLimits {
  /**
   * Takes a token of the scope's bucket for this key, and tells the client in `RateLimit` headers.
   *
   * @throws ProblemError 429 with `Retry-After`
   */
  take(ctx: Context, scope: RateLimitScope, key: string): void
  giveBack(scope: RateLimitScope, key: string): void
}

export interface RateLimitsOptions {
  register: MetricsRegistry
  logger: Pick<Logger, 'warn'>
  sizes?: Partial<RateLimitSizes>
  /** Whether limits are on; asked for every request, so that a flag can switch it. */
  enabled?: () => boolean
}

/** @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ */
export function createRateLimits(options: RateLimitsOptions): RateLimits {
  const { register, logger, enabled = () => true } = options
  const sizes = { ...rateLimitDefaults, ...options.sizes }
  const buckets = {
    address: createTokenBuckets(sizes.address),
    user: createTokenBuckets(sizes.user),
    sign_in_address: createTokenBuckets(sizes.sign_in_address),
    sign_in_username: createTokenBuckets(sizes.sign_in_username),
  }
  const limited = new Counter({
    name: 'rate_limited_requests_total',
    help: 'Requests refused because their user or address sent too many, by what was counted',
    labelNames: ['scope'],
    registers: [register],
  })
  for (const scope of RATE_LIMIT_SCOPES) limited.inc({ scope }, 0)

  return {
    take(ctx, scope, key) {
      if (!enabled()) return
      const { size } = buckets[scope]
      const taken = buckets[scope].take(key)
      ctx.append('ratelimit-policy', `"${scope}";q=${size.burst};w=${fillSeconds(size)}`)
      ctx.append('ratelimit', `"${scope}";r=${taken.remaining};t=${Math.ceil(taken.waitMs / 1_000)}`)
      if (taken.allowed) return
      limited.inc({ scope })
      // Once for each time that somebody begins to be limited: a flood of requests must not become one of lines.
      if (taken.limitedFirst) {
        logger.warn(
          { 'event.name': 'security.rate_limited', scope, 'request.id': ctx.state.requestId },
          'rate limited',
        )
      }
      throw rateLimited(scope, taken)
    },
    giveBack: (scope, key) => buckets[scope].giveBack(key),
  }
}

/** Seconds in which an empty bucket is full again: the window of the policy. */
const fillSeconds = ({ burst, perSecond }: BucketSize) => Math.ceil(burst / perSecond)

const COUNTED_BY: Readonly<Record<RateLimitScope, string>> = {
  address: 'requests from this address',
  user: 'requests of this user',
  sign_in_address: 'failed sign-ins from this address',
  sign_in_username: 'failed sign-ins with this name',
}

function rateLimited(scope: RateLimitScope, { waitMs }: Taken): ProblemError {
  const seconds = Math.max(1, Math.ceil(waitMs / 1_000))
  return new ProblemError({
    status: 429,
    type: 'rate-limited',
    title: 'Too many requests',
    detail: `too many ${COUNTED_BY[scope]}; try again in ${seconds} s`,
    headers: { 'retry-after': String(seconds) },
  })
}
