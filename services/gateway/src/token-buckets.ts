import { TokenBucket } from 'limiter'
import { LRUCache } from 'lru-cache'

export interface BucketSize {
  /** Requests at once, after a while of none. */
  readonly burst: number
  /** Requests a second in the long run. */
  readonly perSecond: number
}

/** What came of asking for a token. */
export interface Taken {
  readonly allowed: boolean
  /** Whether the one before was allowed and this one is not: the moment to write it down. */
  readonly limitedFirst: boolean
  /** Whole tokens left. */
  readonly remaining: number
  /** Milliseconds until there is a token again; 0 when there is one. */
  readonly waitMs: number
}

/** Buckets kept, at most; those that were not used for the longest time, hence full again, go first. */
const MAX_KEYS = 20_000
/** The library adds up fractions, so a client that has waited as announced may lack the last digit of a whole token. */
const TOKEN = 1 - 1e-9

/** A token bucket for each key. */
export function createTokenBuckets(size: BucketSize, maxKeys = MAX_KEYS) {
  const entries = new LRUCache<string, { bucket: TokenBucket; limited: boolean }>({ max: maxKeys })

  function entryOf(key: string) {
    const existing = entries.get(key)
    if (existing) return existing
    const bucket = new TokenBucket({
      bucketSize: size.burst,
      tokensPerInterval: size.perSecond,
      interval: 'second',
    })
    // The library's bucket begins empty.
    bucket.content = size.burst
    const entry = { bucket, limited: false }
    entries.set(key, entry)
    return entry
  }

  return {
    size,
    take(key: string): Taken {
      const entry = entryOf(key)
      const allowed = entry.bucket.tryRemoveTokens(TOKEN)
      const limitedFirst = !allowed && !entry.limited
      entry.limited = !allowed
      return {
        allowed,
        limitedFirst,
        remaining: Math.floor(entry.bucket.content),
        waitMs: entry.bucket.getWaitTime(1),
      }
    },
    /** Gives back the token of a request that turned out not to count. */
    giveBack(key: string): void {
      const bucket = entries.get(key)?.bucket
      // More than the burst it does not keep: what runs over goes when the next token is asked for.
      if (bucket) bucket.content++
    },
  }
}
