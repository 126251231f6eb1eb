import { diag } from '@opentelemetry/api'
import type { OpenMetricsContentType, Registry } from 'prom-client'
import { ExportMetrics } from '../metrics/exports.ts'
import { AvailabilityLog, type OutageLogger } from './availability.ts'
import type { ExportObserver, Signal } from './export-queue.ts'

const metricsOf = new WeakMap<Registry<OpenMetricsContentType>, ExportMetrics>()

/** The metrics on a registry; made once, as each signal's exporter asks for them. */
function exportMetrics(register: Registry<OpenMetricsContentType>): ExportMetrics {
  let metrics = metricsOf.get(register)
  if (!metrics) {
    metrics = new ExportMetrics(register, ['traces', 'logs', 'profiles'] satisfies Signal[])
    metricsOf.set(register, metrics)
  }
  return metrics
}

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
