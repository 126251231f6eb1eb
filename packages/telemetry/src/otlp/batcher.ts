import type { PbfWriter } from 'pbf'
import type { ExportQueue } from './export-queue.ts'
import { type Batchable, RecordBatch } from './record-batch.ts'

export interface BatcherOptions {
  readonly maxBatchSize: number
  readonly scheduleDelayMs: number
}

/** Gathers records and hands them on when a batch is full or a while has passed. */
export class Batcher<T extends Batchable> {
  readonly #batch = new RecordBatch()
  readonly #queue: ExportQueue
  readonly #write: (record: T, pbf: PbfWriter) => void
  readonly #maxBatchSize: number
  readonly #timer: NodeJS.Timeout

  /** @param write writes a record into the batch, at once */
  constructor(queue: ExportQueue, write: (record: T, pbf: PbfWriter) => void, options: BatcherOptions) {
    this.#queue = queue
    this.#write = write
    this.#maxBatchSize = options.maxBatchSize
    this.#timer = setInterval(() => {
      if (this.#batch.isSettled) this.seal()
    }, options.scheduleDelayMs).unref()
  }

  add(record: T): void {
    if (!this.#queue.hasRoomFor(this.#batch.count + 1)) {
      this.#queue.drop('queue_full', 1)
      return
    }
    if (!this.#batch.append(this.#write, record)) {
      this.#queue.drop('invalid', 1)
      return
    }
    if (this.#batch.isLarge || this.#batch.count >= this.#maxBatchSize) this.seal()
  }

  /** Moves what is there to the queue, once the resource is known. */
  async flush(): Promise<void> {
    await this.#batch.settle()
    this.seal()
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
