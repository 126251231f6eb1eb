import { LRUCache } from 'lru-cache'
import type { CacheMetrics, CacheResult } from './metrics.ts'

/**
 * Where values come from: the next level, or the database. The shared level is a loader around a loader, see
 * `shared-level.ts`.
 *
 * @returns undefined for a key that has no value; that is not cached, so that nobody fills the cache with keys
 *   of things that do not exist
 */
export type Loader<Value> = (key: string) => Promise<Value | undefined>

export interface ProcessCacheOptions<Value extends object> {
  /** `cache_name` of the metrics. */
  name: string
  /** Entries, at most; the least recently used one goes first. */
  maxEntries: number
  /** How long a value is as good as new, in milliseconds. */
  freshMs: number
  /** How long after that it is still answered while it is loaded again, or while loading fails, in milliseconds. */
  staleMs: number
  load: Loader<Value>
  metrics: CacheMetrics
  /** Monotonic clock, in milliseconds. */
  now?: () => number
}

/** The level inside the process. */
export interface ProcessCache<Value> {
  /** Value of a key: fresh, stale while it is loaded again, or as loaded now; concurrent loads are one load. */
  get(key: string): Promise<Value | undefined>
  /** Forgets a value. A load under way still answers who waits for it, but is not kept: it may have read the past. */
  invalidate(key: string): void
  /** Forgets all values likewise. */
  clear(): void
}

export function createProcessCache<Value extends object>(
  options: ProcessCacheOptions<Value>,
): ProcessCache<Value> {
  const { name, maxEntries, freshMs, staleMs, load, metrics } = options
  const cache = new LRUCache<string, Value>({
    max: maxEntries,
    ttl: freshMs,
    fetchMethod: (key) => load(key),
    allowStale: true,
    noDeleteOnFetchRejection: true,
    // Who waits for a load gets its value though the entry was invalidated or evicted meanwhile.
    ignoreFetchAbort: true,
    ...(options.now && { perf: { now: options.now }, ttlResolution: 0 }),
  })
  const count = (result: CacheResult, by = 1) =>
    metrics.requests.inc({ cache_name: name, cache_level: 'process', cache_result: result }, by)
  // A rate needs the series from the start.
  for (const result of ['hit', 'stale', 'miss'] as const) count(result, 0)
  metrics.invalidations.inc({ cache_name: name }, 0)

  return {
    async get(key) {
      // Remaining time is negative for a stale value. lru-cache itself knows no end of staleness.
      const allowStale = cache.getRemainingTTL(key) > -staleMs
      const status: LRUCache.Status<string, Value> = {}
      const value = cache.fetch(key, { allowStale, status })
      count(status.returnedStale ? 'stale' : status.fetch === 'hit' ? 'hit' : 'miss')
      return value
    },
    invalidate(key) {
      if (cache.delete(key)) metrics.invalidations.inc({ cache_name: name })
    },
    clear() {
      metrics.invalidations.inc({ cache_name: name }, cache.size)
      cache.clear()
    },
  }
}
