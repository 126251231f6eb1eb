import { TraceFlags } from '@opentelemetry/api'
import type { LogRecordProcessor, ReadableLogRecord } from '@opentelemetry/sdk-logs'
import type { ReadableSpan, SpanProcessor } from '@opentelemetry/sdk-trace'
import type { OpenMetricsContentType, Registry } from 'prom-client'
import { writeLogRecord } from '../logs/record-encoding.ts'
import type { ExporterOptions } from '../options.ts'
import type { ExportObserver, Signal } from './export-queue.ts'
import { resolveExporter } from './exporter-options.ts'
import { Observer } from './observer.ts'
import type { Batchable } from './record-batch.ts'
import { SignalExporter } from './signal-exporter.ts'
import { writeSpan } from './span-encoding.ts'

export interface OtlpProcessorOptions extends Partial<ExporterOptions> {
  /** Where batches and losses are counted, as `telemetry_*`. */
  readonly register?: Registry<OpenMetricsContentType> | undefined
}

/** Records of one signal in a bounded queue, on both kinds of processor. */
class QueueingProcessor<T extends Batchable> {
  protected readonly exporter: SignalExporter<T>
  #pending: Promise<void> | undefined

  constructor(
    signal: Signal,
    write: ConstructorParameters<typeof SignalExporter<T>>[1],
    { register, ...options }: OtlpProcessorOptions,
    observer: ExportObserver = new Observer(register),
  ) {
    this.exporter = new SignalExporter(signal, write, resolveExporter(signal, options, process.env), observer)
  }

  /** Resolves when what there is has been sent or dropped. */
  forceFlush(): Promise<void> {
    return this.exporter.flush()
  }

  /** Sends what there is, with one attempt. @param timeoutMs bound in milliseconds, 5,000 by default */
  shutdown(timeoutMs?: number): Promise<void> {
    this.#pending ??= this.exporter.shutdown(timeoutMs)
    return this.#pending
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
    if (span.spanContext().traceFlags & TraceFlags.SAMPLED) this.exporter.add(span)
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
    this.exporter.add(record)
  }
}
