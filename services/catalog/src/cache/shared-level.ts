import type { CacheMetrics, CacheResult } from './metrics.ts'
import type { Loader } from './process-cache.ts'
import type { SharedStore } from './shared-store.ts'

export interface SharedLevelOptions<Value extends object> {
  /** `cache_name` of the metrics, and part of every key. */
  name: string
  /** Without one there is no such level: values come from `load`. */
  store: SharedStore | undefined
  /** How long a value is kept, in milliseconds. */
  freshMs: number
  /** Where values come from that are not in the store. Values must survive JSON. */
  load: Loader<Value>
  metrics: CacheMetrics
}

/** The level between a process and the database: what one replica has loaded, the others need not. */
export interface SharedLevel<Value extends object> {
  readonly load: Loader<Value>
  /** Forgets a value, and keeps a replica that read the past from putting it back. Never rejects. */
  invalidate(key: string): Promise<void>
  /** Forgets all values. Never rejects. */
  clear(): Promise<void>
}

/** With the shape of a value its keys change: replicas of two versions do not read each other's. */
const VERSION = 1

/** Longer than a load that began before a change can take: connection, statement, and the way back. */
export const BLOCK_MS = 3_000

/** A level in a shared store around a loader. The store being away, slow or wrong is a miss, never an error. */
export function createSharedLevel<Value extends object>(
  options: SharedLevelOptions<Value>,
): SharedLevel<Value> {
  const { name, store, freshMs, load, metrics } = options
  if (!store) return { load, invalidate: async () => undefined, clear: async () => undefined }

  const prefix = `catalog:${VERSION}:${name}:`
  const count = (result: CacheResult, by = 1) =>
    metrics.requests.inc({ cache_name: name, cache_level: 'shared', cache_result: result }, by)
  for (const result of ['hit', 'miss', 'error'] as const) count(result, 0)
  const ignore = () => count('error')

  return {
    async load(key) {
      try {
        const stored = await store.get(prefix + key)
        count(stored ? 'hit' : 'miss')
        if (stored) return JSON.parse(stored) as Value
      } catch {
        ignore()
        return load(key)
      }
      const value = await load(key)
      // Nobody waits for it: the value is there.
      if (value) store.add(prefix + key, JSON.stringify(value), freshMs).catch(ignore)
      return value
    },
    invalidate: (key) => store.block(prefix + key, BLOCK_MS).catch(ignore),
    clear: () => store.clear(prefix).catch(ignore),
  }
}
