import { setTimeout as sleep } from 'node:timers/promises'
import { type KV, Kvm, type KvOptions } from '@nats-io/kv'
import type { Logger } from '../telemetry-types.ts'
import type { Nats } from './connect.ts'

export interface BucketWatchOptions {
  nats: Nats
  /** Name of the key-value bucket; made when it is not there. */
  bucket: string
  /** How the bucket is made; the same wherever it is watched. */
  bucketOptions?: Partial<KvOptions>
  logger: Logger
  /** Told of every value, at first and after a reconnect of all of them again; undefined: it is gone. */
  onValue: (key: string, value: string | undefined) => void
  /** Told of the keys that exist, when all of them have been told. What else was known before is gone. */
  onReplayed: (keys: ReadonlySet<string>) => void
}

export interface BucketWatch {
  stop(): void
}

/** Pause before another attempt when the bucket cannot be watched, in milliseconds. */
const RETRY_MS = 250

/** Follows a bucket for ever, from whenever the broker is there, and from its start again after each reconnect. */
export function watchBucket(options: BucketWatchOptions): BucketWatch {
  const { nats, bucket, logger } = options
  const stopping = new AbortController()
  const ended = AbortSignal.any([stopping.signal, nats.closing])

  async function follow(): Promise<void> {
    let warned = false
    while (!ended.aborted) {
      try {
        await watchOnce(options, ended)
        warned = false
      } catch (error) {
        if (ended.aborted) return
        if (!warned && nats.connected)
          logger.warn({ err: error, bucket }, 'bucket cannot be watched; trying again')
        warned = nats.connected
        await sleep(RETRY_MS, undefined, { signal: ended, ref: false }).catch(() => undefined)
      }
    }
  }
  void follow()
  return { stop: () => stopping.abort() }
}

/** One watch, until it breaks, as it does with its connection. */
async function watchOnce(options: BucketWatchOptions, ended: AbortSignal): Promise<void> {
  const { nats, bucket, bucketOptions = {}, onValue, onReplayed } = options
  const connection = await nats.connection(ended)
  const kv: KV = await new Kvm(connection).create(bucket, bucketOptions)
  const { values } = await kv.status()
  const watch = await kv.watch()
  const stop = (): void => watch.stop()
  ended.addEventListener('abort', stop, { once: true })
  if (ended.aborted) stop()
  const keys = new Set<string>()
  let replayed = values === 0
  if (replayed) onReplayed(keys)
  try {
    for await (const entry of watch) {
      const value = entry.operation === 'PUT' ? entry.string() : undefined
      onValue(entry.key, value)
      if (replayed) continue
      if (value !== undefined) keys.add(entry.key)
      // The last one of those that were there counts as an update.
      if (!entry.isUpdate) continue
      replayed = true
      onReplayed(keys)
    }
  } finally {
    ended.removeEventListener('abort', stop)
  }
}
