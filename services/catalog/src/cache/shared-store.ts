import { Deadline, type Logger } from '@faultline/service-kit'
import { createClient } from '@redis/client'

/** A store that all replicas share, as a cache level needs it. A call rejects when the store does not answer in time. */
export interface SharedStore {
  /** Value of a key; an empty one where a change was told lately. */
  get(key: string): Promise<string | null>
  /** Keeps a value unless the key has one. */
  add(key: string, value: string, ttlMs: number): Promise<void>
  /** Puts an empty value in the place of the key's, which `add` then leaves alone. */
  block(key: string, ttlMs: number): Promise<void>
  /** Forgets every key with a prefix. */
  clear(prefix: string): Promise<void>
  close(): Promise<void>
}

export interface SharedStoreOptions {
  /** `redis://host:port` of Valkey or Redis. */
  url: string
  logger: Pick<Logger, 'warn' | 'info'>
  /** Longest wait for an answer, in milliseconds: beyond it the database is quicker. */
  timeoutMs?: number
  /** Longest pause before connecting again, in milliseconds. */
  maxReconnectDelayMs?: number
}

export const sharedStoreDefaults = {
  timeoutMs: 50,
  maxReconnectDelayMs: 1_000,
} satisfies Partial<SharedStoreOptions>

const CONNECT_TIMEOUT_MS = 1_000
/** A connection on which nothing comes back for so long, not even the answer to a ping, is made anew. */
const SILENCE_MS = 3_000

/**
 * Valkey or Redis as shared store. Connects in the background and again for as long as it lives; while there is no
 * connection every call rejects at once, so that a store that is away costs nothing.
 */
export function connectSharedStore(options: SharedStoreOptions): SharedStore {
  const { url, logger, timeoutMs, maxReconnectDelayMs } = { ...sharedStoreDefaults, ...options }
  const client = createClient({
    url,
    name: 'catalog',
    disableOfflineQueue: true,
    pingInterval: SILENCE_MS / 3,
    socket: {
      connectTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: SILENCE_MS,
      reconnectStrategy: (retries) => Math.min(50 * 2 ** retries, maxReconnectDelayMs),
    },
  })
  let lost = false
  client.on('error', (error: unknown) => {
    // One line an outage, not one a try.
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
  const bounded = <T>(answer: Promise<T>) => Deadline.after(timeoutMs).race(answer)

  return {
    get: (key) => bounded(client.get(key)),
    async add(key, value, ttlMs) {
      await bounded(client.set(key, value, { expiration: { type: 'PX', value: ttlMs }, condition: 'NX' }))
    },
    async block(key, ttlMs) {
      await bounded(client.set(key, '', { expiration: { type: 'PX', value: ttlMs } }))
    },
    async clear(prefix) {
      for await (const keys of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 500 })) {
        if (keys.length > 0) await bounded(client.unlink(keys))
      }
    },
    async close() {
      client.destroy()
    },
  }
}
