import type { PbfWriter } from 'pbf'
import { Batcher } from './batcher.ts'
import { type ExportObserver, ExportQueue, type Signal } from './export-queue.ts'
import type { SignalExporterOptions } from './exporter-options.ts'
import type { Batchable } from './record-batch.ts'
import { OtlpTransport } from './transport.ts'

/** Milliseconds that the end of the process waits for what is still to be sent. */
export const SHUTDOWN_TIMEOUT_MS = 5_000

/** The queue of one signal towards its address. @throws TypeError when the address is not an http(s) URL */
export function createQueue(
  signal: Signal,
  options: SignalExporterOptions,
  observer: ExportObserver,
): ExportQueue {
  const { maxQueueSize: maxItems, maxRetryMs } = options
  return new ExportQueue(new OtlpTransport(options), { signal, maxItems, maxRetryMs }, observer)
}

/** The way out of the process for spans or log records: written at once, sent in batches. */
export class SignalExporter<T extends Batchable> {
  readonly #queue: ExportQueue
  readonly #batcher: Batcher<T>
  #isClosed = false

  /** @throws TypeError when the address is not an http(s) URL */
  constructor(
    signal: Signal,
    write: (record: T, pbf: PbfWriter) => void,
    options: SignalExporterOptions,
    observer: ExportObserver,
  ) {
    this.#queue = createQueue(signal, options, observer)
    this.#batcher = new Batcher(this.#queue, write, options)
  }

  add(record: T): void {
    if (this.#isClosed) this.#queue.drop('shutdown', 1)
    else this.#batcher.add(record)
  }

  /** Resolves when what there is has been sent or dropped. */
  async flush(): Promise<void> {
    await this.#batcher.flush()
    await this.#queue.idle()
  }

  /** One more attempt for what is there, in bounded time; what fails is dropped and counted. */
  async shutdown(timeoutMs: number = SHUTDOWN_TIMEOUT_MS): Promise<void> {
    this.#isClosed = true
    this.#batcher.stop()
    this.#batcher.seal()
    await this.#queue.close(timeoutMs)
  }
}
