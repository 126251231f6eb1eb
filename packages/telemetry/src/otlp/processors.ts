import { TraceFlags } from '@opentelemetry/api'
import type { LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs'
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace'
import type { PbfWriter } from 'pbf'
import type { OpenMetricsContentType, Registry } from 'prom-client'
import type { ExporterOptions } from '../options.ts'
import { writeLogRecord, writeSpan } from './encoding.ts'
import { createQueue, type ExportQueue, SHUTDOWN_TIMEOUT_MS } from './export-queue.ts'
import { resolveExporter } from './exporter-options.ts'
import { type ExportObserver, Observer, type Signal } from './observer.ts'
import { type Batchable, RecordBatch } from './record-batch.ts'

export interface OtlpProcessorOptions extends Partial<ExporterOptions> {
  /** Where batches and losses are counted, as `telemetry_*`. */
  readonly register?: Registry<OpenMetricsContentType> | undefined
}

/**
 * The way out of the process for spans or log records: written at once into a batch, which goes to a bounded queue when
 * it is full or a while has passed.
 */
class QueueingProcessor<T extends Batchable> {
  readonly #batch = new RecordBatch()
  readonly #queue: ExportQueue
  readonly #write: (record: T, pbf: PbfWriter) => void
  readonly #maxBatchSize: number
  readonly #timer: NodeJS.Timeout
  #closing: Promise<void> | undefined

  constructor(
    signal: Signal,
    write: (record: T, pbf: PbfWriter) => void,
    { register, ...options }: OtlpProcessorOptions,
    observer: ExportObserver = new Observer(register),
  ) {
    const resolved = resolveExporter(signal, options, process.env)
    this.#queue = createQueue(signal, resolved, observer)
    this.#write = write
    this.#maxBatchSize = resolved.maxBatchSize
    this.#timer = setInterval(() => {
      if (this.#batch.isSettled) this.#seal()
    }, resolved.scheduleDelayMs).unref()
  }

  protected add(record: T): void {
    const batch = this.#batch
    if (this.#closing !== undefined) this.#queue.drop('shutdown', 1)
    else if (!this.#queue.hasRoomFor(batch.count + 1)) this.#queue.drop('queue_full', 1)
    else if (!batch.append(this.#write, record)) this.#queue.drop('invalid', 1)
    else if (batch.isLarge || batch.count >= this.#maxBatchSize) this.#seal()
  }

  /** Resolves when what there is has been sent or dropped. */
  async forceFlush(): Promise<void> {
    await this.#batch.settle()
    this.#seal()
    await this.#queue.idle()
  }

  /** Sends what there is, with one attempt. @param timeoutMs bound in milliseconds, 5,000 by default */
  shutdown(timeoutMs: number = SHUTDOWN_TIMEOUT_MS): Promise<void> {
    if (!this.#closing) {
      clearInterval(this.#timer)
      this.#seal()
      this.#closing = this.#queue.close(timeoutMs)
    }
    return this.#closing
  }

  /** Moves what is there to the queue. */
  #seal(): void {
    const { count } = this.#batch
    if (count > 0) this.#queue.push(this.#batch.take(), count)
  }
}

/**
 * Writes each sampled span to the wire as it ends and sends batches over OTLP/HTTP from a queue that is bounded in
 * spans and bytes, outlasts a minute without a collector and counts every loss, where the SDK's processor gives up
 * after ten seconds and counts nothing.
 */
export class OtlpSpanProcessor extends QueueingProcessor<ReadableSpan> implements SpanProcessor {
  /**
   * @param observer hears of batches, losses and outages instead of `register`
   * @throws TypeError when the endpoint is not an http(s) URL
   */
  constructor(options: OtlpProcessorOptions = {}, observer?: ExportObserver) {
    super('traces', writeSpan, options, observer)
  }

  onStart(): void {}

  onEnd(span: ReadableSpan): void {
    if (span.spanContext().traceFlags & TraceFlags.SAMPLED) this.add(span)
  }
}

/** As {@link OtlpSpanProcessor}, for log records. */
export class OtlpLogRecordProcessor
  extends QueueingProcessor<ReadableLogRecord>
  implements LogRecordProcessor
{
  /**
   * @param observer hears of batches, losses and outages instead of `register`
   * @throws TypeError when the endpoint is not an http(s) URL
   */
  constructor(options: OtlpProcessorOptions = {}, observer?: ExportObserver) {
    super('logs', writeLogRecord, options, observer)
  }

  onEmit(record: ReadableLogRecord): void {
    this.add(record)
  }
}
