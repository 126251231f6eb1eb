import type { MetricsRegistry } from '@faultline/service-kit'
import { LRUCache } from 'lru-cache'
import { Counter } from 'prom-client'

export type CacheMetrics = ReturnType<typeof createCacheMetrics>

/**
 * `cache_result` says how a lookup was answered: `stale` is a value past its time that is being loaded again; `error`,
 * of the shared level, a store that did not answer.
 */
export function createCacheMetrics(register: MetricsRegistry) {
  return {
    requests: new Counter({
      name: 'cache_requests_total',
      help: 'Lookups by cache, level and result',
      labelNames: ['cache_name', 'cache_level', 'cache_result'],
      registers: [register],
    }),
    invalidations: new Counter({
      name: 'cache_invalidations_total',
      help: 'Entries dropped because what they hold has changed',
      labelNames: ['cache_name'],
      registers: [register],
    }),
  }
}

/**
 * Where values come from: the next level, or the database.
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
export function createProcessCache<Value extends object>(options: ProcessCacheOptions<Value>) {
  const { name, maxEntries, freshMs, staleMs, load, metrics } = options
  const cache = new LRUCache<string, Value>({
    max: maxEntries,
    ttl: freshMs,
    fetchMethod: (key) => load(key),
    allowStale: true,
    noDeleteOnFetchRejection: true,
    // Whoever waits for a load gets its value even if the entry was invalidated or evicted meanwhile.
    ignoreFetchAbort: true,
    ...(options.now && { perf: { now: options.now }, ttlResolution: 0 }),
  })
  const count = (result: 'hit' | 'stale' | 'miss', by = 1) =>
    metrics.requests.inc({ cache_name: name, cache_level: 'process', cache_result: result }, by)
  // A rate needs the series from the start.
  for (const result of ['hit', 'stale', 'miss'] as const) count(result, 0)
  metrics.invalidations.inc({ cache_name: name }, 0)

  return {
    /** Value of a key: fresh, stale while it is loaded again, or as loaded now; concurrent loads are one load. */
    async get(key: string): Promise<Value | undefined> {
      // Remaining time is negative for a stale value. lru-cache itself knows no end of staleness.
      const allowStale = cache.getRemainingTTL(key) > -staleMs
      const status: LRUCache.Status<string, Value> = {}
      const value = cache.fetch(key, { allowStale, status })
      count(status.returnedStale ? 'stale' : status.fetch === 'hit' ? 'hit' : 'miss')
      return value
    },
    /** Forgets a value. A load under way still answers whoever waits for it, but is not kept: it may have read the past. */
    invalidate(key: string): void {
      if (cache.delete(key)) metrics.invalidations.inc({ cache_name: name })
    },
    /** Forgets all values likewise. */
    clear(): void {
      metrics.invalidations.inc({ cache_name: name }, cache.size)
      cache.clear()
    },
  }
}
