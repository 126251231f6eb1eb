import type { PbfWriter } from 'pbf'
import type { SpanScope } from '../trace/span.ts'
import type { ExportQueue } from './export-queue.ts'
import { RecordBatch } from './record-batch.ts'

export interface BatcherOptions {
  readonly maxBatchSize: number
  readonly scheduleDelayMs: number
}

/** Gathers records and hands them on when a batch is full or a while has passed. */
export class Batcher {
  readonly #batch: RecordBatch
  readonly #queue: ExportQueue
  readonly #maxBatchSize: number
  readonly #timer: NodeJS.Timeout

  constructor(queue: ExportQueue, resource: Uint8Array, options: BatcherOptions) {
    this.#batch = new RecordBatch(resource)
    this.#queue = queue
    this.#maxBatchSize = options.maxBatchSize
    this.#timer = setInterval(() => this.seal(), options.scheduleDelayMs).unref()
  }

  /** @param write writes the record into the batch, at once */
  add<T>(scope: SpanScope, write: (record: T, pbf: PbfWriter) => void, record: T): void {
    if (!this.#queue.hasRoomFor(this.#batch.count + 1)) {
      this.#queue.drop('queue_full', 1)
      return
    }
    const isLarge = this.#batch.append(scope, write, record)
    if (isLarge || this.#batch.count >= this.#maxBatchSize) this.seal()
  }

  /** Moves what is there to the queue. */
  seal(): void {
    const { count } = this.#batch
    if (count > 0) this.#queue.push(this.#batch.take(), count)
  }

  stop(): void {
    clearInterval(this.#timer)
  }
}
