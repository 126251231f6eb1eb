import { diag } from '@opentelemetry/api'
import type { OpenMetricsContentType, Registry } from 'prom-client'
import { BATCHES, ExportMetrics } from '../metrics/exports.ts'
import { oncePerRegistry } from '../metrics/registry.ts'
import { AvailabilityLog, type OutageLogger } from './availability.ts'
import type { ExportObserver, Signal } from './export-queue.ts'

const SIGNALS: readonly Signal[] = ['traces', 'logs', 'profiles']

/** The metrics on a registry; made once, as each signal's exporter asks for them. */
const exportMetrics = oncePerRegistry(BATCHES, (register) => new ExportMetrics(register, SIGNALS))

/** The API's diagnostics, where there is no logger: visible with `OTEL_LOG_LEVEL`. */
const diagnostics: OutageLogger = {
  warn: (fields, message) => diag.warn(message, fields),
  info: (fields, message) => diag.info(message, fields),
}

/** Counts what becomes of batches, and says once that they do not get through. */
export class Observer implements ExportObserver {
  readonly #metrics: ExportMetrics | undefined
  #availability = new AvailabilityLog(diagnostics)

  /** @param register where losses are counted; undefined counts nothing */
  constructor(register: Registry<OpenMetricsContentType> | undefined) {
    this.#metrics = register && exportMetrics(register)
  }

  /** Where outages are told; the logger exports through here itself, so it comes later. */
  reportTo(logger: OutageLogger): void {
    this.#availability = new AvailabilityLog(logger)
  }

  onBatch(...args: Parameters<ExportObserver['onBatch']>): void {
    this.#metrics?.onBatch(...args)
  }

  onDrop(...args: Parameters<ExportObserver['onDrop']>): void {
    this.#metrics?.onDrop(...args)
  }

  onUnavailable(url: string, detail: string): void {
    this.#availability.onUnavailable(url, detail)
  }

  onAvailable(url: string): void {
    this.#availability.onAvailable(url)
  }
}
