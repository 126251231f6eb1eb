import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as delay } from 'node:timers/promises'
import { callWithTimeout } from '@opentelemetry/core'
import type { SignalExporterOptions } from './exporter-options.ts'
import type { DropReason, ExportObserver, Signal } from './observer.ts'
import { OtlpTransport, type SendResult } from './transport.ts'

/** First wait between two attempts and the longest, in milliseconds; each doubles, with full jitter. */
const FIRST_BACKOFF_MS = 500
const MAX_BACKOFF_MS = 10_000
/** Bytes that may wait, whatever the count of items says. */
const MAX_QUEUE_BYTES = 64 * 1024 * 1024

/** Milliseconds that the end of the process waits for what is still to be sent. */
export const SHUTDOWN_TIMEOUT_MS = 5_000

interface QueueOptions {
  readonly signal: Signal
  readonly maxItems: number
  readonly maxRetryMs: number
}

interface Batch {
  readonly body: Uint8Array
  readonly items: number
  /** Resolved when it is sent or dropped. */
  readonly settled: PromiseWithResolvers<void>
}

/**
 * Bounded line of encoded requests, sent one after the other. When the collector is away, requests are tried
 * again with backoff; what does not fit in the line is dropped and counted, and the service never waits.
 */
export class ExportQueue {
  readonly #transport: OtlpTransport
  readonly #options: QueueOptions
  readonly #observer: ExportObserver
  readonly #batches: Batch[] = []
  readonly #stop = new AbortController()
  // Ends waits between attempts: at the end of the process there is one more attempt, and no other.
  readonly #hurry = new AbortController()
  // Sending must not run in the context of the request that happened to fill a batch.
  readonly #inRootContext = AsyncLocalStorage.snapshot()
  #waitingItems = 0
  #waitingBytes = 0
  #draining: Promise<void> | undefined
  /** Being sent. */
  #current: Batch | undefined

  constructor(transport: OtlpTransport, options: QueueOptions, observer: ExportObserver) {
    this.#transport = transport
    this.#options = options
    this.#observer = observer
  }

  /** Items that are waiting or being sent. */
  get waitingItems(): number {
    return this.#waitingItems
  }

  /** Whether `items` more would still fit. */
  hasRoomFor(items: number): boolean {
    return this.#waitingItems + items <= this.#options.maxItems && this.#waitingBytes < MAX_QUEUE_BYTES
  }

  push(body: Uint8Array, items: number): void {
    if (this.#stop.signal.aborted) {
      this.drop('shutdown', items)
      return
    }
    if (!this.hasRoomFor(items)) {
      this.drop('queue_full', items)
      return
    }
    this.#batches.push({ body, items, settled: Promise.withResolvers() })
    this.#waitingItems += items
    this.#waitingBytes += body.byteLength
    this.#draining ??= this.#inRootContext(() => this.#drain())
  }

  drop(reason: DropReason, items: number): void {
    this.#observer.onDrop(this.#options.signal, reason, items)
  }

  /** Resolves when everything that is waiting now is sent or dropped; what comes meanwhile is not waited for. */
  async idle(): Promise<void> {
    const last = this.#batches.at(-1) ?? this.#current
    if (last) await last.settled.promise
  }

  /** Tries what is waiting once more, in bounded time, and gives up the rest. @param timeoutMs milliseconds */
  async close(timeoutMs: number): Promise<void> {
    this.#hurry.abort()
    await callWithTimeout(Promise.resolve(this.#draining), timeoutMs).catch(() => undefined)
    this.#stop.abort()
    this.#transport.close()
  }

  async #drain(): Promise<void> {
    for (let batch = this.#batches.shift(); batch; batch = this.#batches.shift()) {
      this.#current = batch
      await this.#deliver(batch)
      this.#waitingItems -= batch.items
      this.#waitingBytes -= batch.body.byteLength
      batch.settled.resolve()
    }
    this.#current = undefined
    this.#draining = undefined
  }

  async #deliver({ body, items }: Batch): Promise<void> {
    const { signal, maxRetryMs } = this.#options
    const hurry = this.#hurry.signal
    const giveUpAt = Date.now() + maxRetryMs
    for (let attempt = 0; ; attempt += 1) {
      if (this.#stop.signal.aborted) return this.drop('shutdown', items)
      const result = await this.#transport.send(body, this.#stop.signal)
      if (result.outcome === 'success') return this.#delivered(result, items)
      if (this.#stop.signal.aborted) return this.drop('shutdown', items)
      this.#observer.onUnavailable(this.#transport.url, result.detail)
      const waitMs = result.outcome === 'retryable' ? backoffMs(attempt, result.retryAfterMs) : undefined
      if (waitMs === undefined || Date.now() + waitMs > giveUpAt) {
        this.#observer.onBatch(signal, 'failure')
        // What follows must not be sent at once to a collector that wants to be left alone for longer.
        if (waitMs !== undefined) await this.#pause(giveUpAt - Date.now())
        return this.drop(waitMs === undefined ? 'refused' : 'retries_exhausted', items)
      }
      this.#observer.onBatch(signal, 'retry')
      if (hurry.aborted) return this.drop('shutdown', items)
      await this.#pause(waitMs)
    }
  }

  async #pause(waitMs: number): Promise<void> {
    const { signal } = this.#hurry
    await delay(waitMs, undefined, { signal, ref: false }).catch(() => undefined)
  }

  #delivered(result: Extract<SendResult, { outcome: 'success' }>, items: number): void {
    this.#observer.onBatch(this.#options.signal, 'success')
    this.#observer.onAvailable(this.#transport.url)
    const rejected = Math.min(result.rejected, items)
    if (rejected > 0) this.drop('rejected', rejected)
  }
}

/** The queue of one signal towards its address. @throws TypeError when the address is not an http(s) URL */
export function createQueue(
  signal: Signal,
  options: SignalExporterOptions,
  observer: ExportObserver,
): ExportQueue {
  const { maxQueueSize: maxItems, maxRetryMs } = options
  return new ExportQueue(new OtlpTransport(options), { signal, maxItems, maxRetryMs }, observer)
}

/** Full jitter, so that services that lost the collector together do not come back together. */
function backoffMs(attempt: number, retryAfterMs: number | undefined): number {
  const ceiling = Math.min(MAX_BACKOFF_MS, FIRST_BACKOFF_MS * 2 ** attempt)
  // A collector that says 0 would be asked without a pause.
  return Math.max(retryAfterMs ?? 0, FIRST_BACKOFF_MS / 2 + Math.random() * ceiling)
}
