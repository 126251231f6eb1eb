import { Deadline, type Logger } from '@faultline/service-kit'
import { createClient } from '@redis/client'
import {
  type CacheMetrics,
  createProcessCache,
  type Loader,
  type ProcessCacheOptions,
} from './process-cache.ts'

/** Longest wait for an answer of the store, in milliseconds: beyond it the database is quicker. */
const STORE_TIMEOUT_MS = 50
/** Longest pause before connecting again, in milliseconds. */
const MAX_RECONNECT_DELAY_MS = 1_000
const CONNECT_TIMEOUT_MS = 1_000
/** A connection on which nothing comes back for so long, not even the answer to a ping, is replaced. */
const SILENCE_MS = 3_000

/** A store that all replicas share. A call rejects when the store does not answer in time. */
export type SharedStore = ReturnType<typeof connectSharedStore>

/**
 * Valkey or Redis as shared store. Connects in the background and again for as long as it lives; while there is no
 * connection every call rejects at once, so that a store that is away costs nothing.
 *
 * @param url `redis://host:port` of Valkey or Redis
 */
export function connectSharedStore(url: string, logger: Pick<Logger, 'warn' | 'info'>) {
  const client = createClient({
    url,
    name: 'catalog',
    disableOfflineQueue: true,
    pingInterval: SILENCE_MS / 3,
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SILENCE_MS,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, MAX_RECONNECT_DELAY_MS),
    },
  })
  let lost = false
  client.on('error', (error: unknown) => {
    // One line per outage, not one per attempt.
    if (!lost) logger.warn({ err: error }, 'the shared cache is away; the database answers in its place')
    lost = true
  })
  client.on('ready', () => {
    if (lost) logger.info('the shared cache is back')
    lost = false
  })
  // Rejects only when closed before the first connection.
  client.connect().catch(() => undefined)

  // The client's own limit ends when a command has been sent.
  const bounded = <T>(answer: Promise<T>) => Deadline.after(STORE_TIMEOUT_MS).race(answer)

  return {
    /** Value of a key; an empty one where a change was announced lately. */
    get: (key: string): Promise<string | null> => bounded(client.get(key)),
    /** Keeps a value unless the key has one. */
    async add(key: string, value: string, ttlMs: number): Promise<void> {
      await bounded(client.set(key, value, { expiration: { type: 'PX', value: ttlMs }, condition: 'NX' }))
    },
    /** Puts an empty value in the place of the key's, which `add` then leaves alone. */
    async block(key: string, ttlMs: number): Promise<void> {
      await bounded(client.set(key, '', { expiration: { type: 'PX', value: ttlMs } }))
    },
    /** Forgets every key with a prefix. */
    async clear(prefix: string): Promise<void> {
      for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 500 })) {
        if (keys.length > 0) await bounded(client.unlink(keys))
      }
    },
    close: () => client.destroy(),
  }
}

export interface SharedLevelOptions<Value extends object> {
  /** `cache_name` of the metrics, and part of every key. */
  name: string
  /** Without one there is no such level: values come from `load`. */
  store: Omit<SharedStore, 'close'> | undefined
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
const BLOCK_MS = 3_000

/** A level in a shared store around a loader. The store being away, slow or wrong is a miss, never an error. */
export function createSharedLevel<Value extends object>(
  options: SharedLevelOptions<Value>,
): SharedLevel<Value> {
  const { name, store, freshMs, load, metrics } = options
  if (!store) return { load, invalidate: async () => undefined, clear: async () => undefined }

  const prefix = `catalog:${VERSION}:${name}:`
  const count = (result: 'hit' | 'miss' | 'error', by = 1) =>
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

export type TwoLevelCacheOptions<Value extends object> = ProcessCacheOptions<Value> &
  Pick<SharedLevelOptions<Value>, 'store'>

/** A cache in the process before the level that replicas share. */
export function createTwoLevelCache<Value extends object>(options: TwoLevelCacheOptions<Value>) {
  const shared = createSharedLevel(options)
  const cache = createProcessCache({ ...options, load: shared.load })
  return {
    get: cache.get,
    /** Forgets a value, as it has changed. Never rejects. */
    async invalidate(key: string): Promise<void> {
      // The far level first: whoever asks after this must not be answered from it.
      await shared.invalidate(key)
      cache.invalidate(key)
    },
    /** Forgets all values, as any may have changed. Never rejects. */
    async clear(): Promise<void> {
      await shared.clear()
      cache.clear()
    },
  }
}
