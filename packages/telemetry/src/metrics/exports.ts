import { Counter, type OpenMetricsContentType, type Registry } from 'prom-client'
import type { ExportObserver, Signal } from '../otlp/export-queue.ts'

/** Name of the metric that every registry with these metrics has. */
export const BATCHES = 'telemetry_export_batches'

/** Telemetry about the telemetry: what went out, what was lost. */
export class ExportMetrics implements Pick<ExportObserver, 'onBatch' | 'onDrop'> {
  readonly #batches: Counter<string>
  readonly #dropped: Counter<string>

  constructor(register: Registry<OpenMetricsContentType>, signals: readonly Signal[]) {
    this.#batches = new Counter({
      name: BATCHES,
      help: 'Export requests by signal and outcome; a retry is an attempt that will be followed by another',
      labelNames: ['signal', 'outcome'],
      registers: [register],
    })
    this.#dropped = new Counter({
      name: 'telemetry_items_dropped',
      help: 'Spans, log records and profile samples that were lost, by reason',
      labelNames: ['signal', 'reason'],
      registers: [register],
    })
    // Series that exist before the first loss, so that increase() sees it.
    for (const signal of signals) {
      for (const outcome of ['success', 'retry', 'failure'] as const)
        this.#batches.inc({ signal, outcome }, 0)
      this.#dropped.inc({ signal, reason: 'queue_full' }, 0)
      this.#dropped.inc({ signal, reason: 'retries_exhausted' }, 0)
    }
  }

  onBatch(signal: Signal, outcome: 'success' | 'retry' | 'failure'): void {
    this.#batches.inc({ signal, outcome })
  }

  onDrop(signal: Signal, reason: string, items: number): void {
    this.#dropped.inc({ signal, reason }, items)
  }
}
