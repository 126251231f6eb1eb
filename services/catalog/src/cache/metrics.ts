import type { MetricsRegistry } from '@faultline/service-kit'
import { Counter } from 'prom-client'

/**
 * How a lookup was answered: stale is a value past its time that is being loaded again meanwhile; error, of the shared
 * level, a store that did not answer.
 */
export type CacheResult = 'hit' | 'stale' | 'miss' | 'error'

export interface CacheMetrics {
  requests: Counter<'cache_name' | 'cache_level' | 'cache_result'>
  invalidations: Counter<'cache_name'>
}

export function createCacheMetrics(register: MetricsRegistry): CacheMetrics {
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
