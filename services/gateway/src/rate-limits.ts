import type { IncomingMessage } from 'node:http'
import {
  type AuthenticatedState,
  type Logger,
  type MetricsRegistry,
  ProblemError,
} from '@faultline/service-kit'
import ipaddr from 'ipaddr.js'
import type { Context, Middleware } from 'koa'
import { Counter } from 'prom-client'
import proxyAddr from 'proxy-addr'
import type { AdmitSignIn } from './routes/sessions.ts'
import { type BucketSize, createTokenBuckets, type Taken } from './token-buckets.ts'

/** What is counted by; also label values. */
const RATE_LIMIT_SCOPES = ['address', 'user', 'sign_in_address', 'sign_in_username'] as const
type RateLimitScope = (typeof RATE_LIMIT_SCOPES)[number]

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

export interface RateLimitsOptions {
  register: MetricsRegistry
  logger: Pick<Logger, 'warn'>
  sizes?: Partial<RateLimitSizes>
  /** Whether limits are on; asked for every request, so that a flag can switch it. */
  enabled?: () => boolean
}

export type RateLimits = ReturnType<typeof createRateLimits>

/** @see https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ */
export function createRateLimits(options: RateLimitsOptions) {
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
    /**
     * Takes a token of the scope's bucket for this key, and tells the client in `RateLimit` headers.
     *
     * @throws ProblemError 429 with `Retry-After`
     */
    take(ctx: Context, scope: RateLimitScope, key: string): void {
      if (!enabled()) return
      const { size } = buckets[scope]
      const taken = buckets[scope].take(key)
      ctx.append('ratelimit-policy', `"${scope}";q=${size.burst};w=${fillSeconds(size)}`)
      ctx.append('ratelimit', `"${scope}";r=${taken.remaining};t=${Math.ceil(taken.waitMs / 1_000)}`)
      if (taken.allowed) return
      limited.inc({ scope })
      // Once each time that somebody begins to be limited: a flood of requests must not become one of lines.
      if (taken.limitedFirst) {
        logger.warn(
          { 'event.name': 'security.rate_limited', scope, 'request.id': ctx.state.requestId },
          'rate limited',
        )
      }
      throw rateLimited(scope, taken)
    },
    giveBack: (scope: RateLimitScope, key: string) => buckets[scope].giveBack(key),
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

type AddressReader = (request: IncomingMessage) => string

/** Limits what an address sends in all. */
export function limitAddress(limits: RateLimits, addressOf: AddressReader): Middleware {
  return function limitAddressMiddleware(ctx, next) {
    limits.take(ctx, 'address', addressOf(ctx.req))
    return next()
  }
}

/** Limits what a user sends, from wherever; stands after authentication. */
export function limitUser(limits: RateLimits): Middleware<AuthenticatedState> {
  return function limitUserMiddleware(ctx, next) {
    limits.take(ctx, 'user', ctx.state.principal.subject)
    return next()
  }
}

/**
 * Limits wrong passwords, by name against guessing one user's and by address against trying lists of others'. Taken
 * before the password is checked, so that many at once get no further than one after another, and given back when
 * it was right.
 */
export function admitSignIns(limits: RateLimits, addressOf: AddressReader): AdmitSignIn {
  return (ctx, username) => {
    const address = addressOf(ctx.req)
    limits.take(ctx, 'sign_in_address', address)
    limits.take(ctx, 'sign_in_username', username)
    return {
      succeeded() {
        limits.giveBack('sign_in_address', address)
        limits.giveBack('sign_in_username', username)
      },
    }
  }
}

/** Parts of an IPv6 address that a network's holder cannot choose: its first 64 bits. */
const IPV6_PREFIX_PARTS = 4

/**
 * Who sends a request, as a key to count by: the peer of the socket, or behind trusted proxies what the nearest of
 * them that is not trusted said in `X-Forwarded-For`. Anybody may write that header, so it counts for nothing else.
 * IPv6 addresses count by their network, as each holder has 2^64 of them.
 *
 * @param trustedProxies addresses and networks (CIDR)
 */
export function clientAddressReader(trustedProxies: readonly string[]): AddressReader {
  const trust = proxyAddr.compile([...trustedProxies])
  return (request) => keyOf(proxyAddr(request, trust))
}

/** What `X-Forwarded-For` holds need not be an address. */
function keyOf(address: string | undefined): string {
  if (address === undefined || !ipaddr.isValid(address)) return 'unknown'
  const parsed = ipaddr.process(address)
  if (!(parsed instanceof ipaddr.IPv6)) return parsed.toString()
  return `${parsed.parts
    .slice(0, IPV6_PREFIX_PARTS)
    .map((part) => part.toString(16))
    .join(':')}::/64`
}
