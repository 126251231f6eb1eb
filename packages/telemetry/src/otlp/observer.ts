import { diag } from '@opentelemetry/api'
import { Counter, type OpenMetricsContentType, type Registry } from 'prom-client'
import { oncePerRegistry } from '../metrics/registry.ts'

const SIGNALS = ['traces', 'logs', 'profiles'] as const
export type Signal = (typeof SIGNALS)[number]
const OUTCOMES = ['success', 'retry', 'failure'] as const
export type DropReason = 'queue_full' | 'retries_exhausted' | 'refused' | 'rejected' | 'shutdown' | 'invalid'

/** Hears what becomes of batches; metrics and the one warning hang on it. */
export interface ExportObserver {
  onBatch(signal: Signal, outcome: (typeof OUTCOMES)[number]): void
  onDrop(signal: Signal, reason: DropReason, items: number): void
  /** @param detail `HTTP 404` and the like, or the name of a network error */
  onUnavailable(url: string, detail: string): void
  onAvailable(url: string): void
}

/** Where outages are reported; pino's logger is one. */
export interface OutageLogger {
  warn(fields: object, message: string): void
  info(fields: object, message: string): void
}

/** The API's diagnostics, where there is no logger: visible with `OTEL_LOG_LEVEL`. */
const diagnostics: OutageLogger = {
  warn: (fields, message) => diag.warn(message, fields),
  info: (fields, message) => diag.info(message, fields),
}

/** Telemetry about the telemetry: what went out, what was lost. Once for each registry, as each exporter asks for it. */
const exportMetrics = oncePerRegistry('telemetry_export_batches', (register) => {
  const batches = new Counter({
    name: 'telemetry_export_batches',
    help: 'Export requests by signal and outcome; a retry is an attempt that will be followed by another',
    labelNames: ['signal', 'outcome'],
    registers: [register],
  })
  const dropped = new Counter({
    name: 'telemetry_items_dropped',
    help: 'Spans, log records and profile samples that were lost, by reason',
    labelNames: ['signal', 'reason'],
    registers: [register],
  })
  // Series that exist before the first loss, so that increase() sees it.
  for (const signal of SIGNALS) {
    for (const outcome of OUTCOMES) batches.inc({ signal, outcome }, 0)
    for (const reason of ['queue_full', 'retries_exhausted']) dropped.inc({ signal, reason }, 0)
  }
  return { batches, dropped }
})

/** Counts what becomes of batches; says once that they do not get through, and once that they do again. */
export class Observer implements ExportObserver {
  readonly #metrics: ReturnType<typeof exportMetrics> | undefined
  readonly #outages = new Map<string, number>()
  #logger = diagnostics

  /** @param register where losses are counted; undefined counts nothing */
  constructor(register: Registry<OpenMetricsContentType> | undefined) {
    this.#metrics = register && exportMetrics(register)
  }

  /** Where outages are reported; the logger exports through here itself, so it comes later. */
  reportTo(logger: OutageLogger): void {
    this.#logger = logger
  }

  onBatch(...[signal, outcome]: Parameters<ExportObserver['onBatch']>): void {
    this.#metrics?.batches.inc({ signal, outcome })
  }

  onDrop(...[signal, reason, items]: Parameters<ExportObserver['onDrop']>): void {
    this.#metrics?.dropped.inc({ signal, reason }, items)
  }

  onUnavailable(url: string, detail: string): void {
    // An answer speaks for one signal's address, no answer for the whole endpoint.
    const target = detail.startsWith('HTTP ') ? url : new URL(url).origin
    if (this.#outages.has(target)) return
    this.#outages.set(target, Date.now())
    this.#logger.warn(
      { 'url.full': target, 'error.type': detail },
      'telemetry does not get through; it is kept for a while, then dropped and counted',
    )
  }

  onAvailable(url: string): void {
    if (this.#outages.size === 0) return
    for (const target of [url, new URL(url).origin]) {
      const since = this.#outages.get(target)
      if (since === undefined) continue
      this.#outages.delete(target)
      const outageSeconds = (Date.now() - since) / 1e3
      this.#logger.info({ 'url.full': target, outageSeconds }, 'telemetry gets through again')
    }
  }
}
