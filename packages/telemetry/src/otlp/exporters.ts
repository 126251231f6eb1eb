import type { Logger } from 'pino'
import type { ExportMetrics } from '../metrics/exports.ts'
import type { ExporterOptions } from '../options.ts'
import { AvailabilityLog } from './availability.ts'
import { Batcher } from './batcher.ts'
import { type ExportObserver, ExportQueue, type Signal } from './export-queue.ts'
import { OtlpTransport } from './transport.ts'

/** Signal paths below the endpoint: https://opentelemetry.io/docs/specs/otlp/#otlphttp-request */
const PATHS: Readonly<Record<Signal, string>> = {
  traces: '/v1/traces',
  logs: '/v1/logs',
  profiles: '/v1development/profiles',
}

/** The ways out of the process, one a signal. */
export class Exporters {
  readonly #options: ExporterOptions
  readonly #observer: ExportObserver
  readonly #batchers: Batcher[] = []
  readonly #queues: ExportQueue[] = []
  #availability: AvailabilityLog | undefined

  constructor(options: ExporterOptions, metrics: ExportMetrics | undefined) {
    this.#options = options
    this.#observer = {
      onBatch: (signal, outcome) => metrics?.onBatch(signal, outcome),
      onDrop: (signal, reason, items) => metrics?.onDrop(signal, reason, items),
      onUnavailable: (url, detail) => this.#availability?.onUnavailable(url, detail),
      onAvailable: (url) => this.#availability?.onAvailable(url),
    }
  }

  /** Where outages are told; the logger exports through here itself, so it comes later. */
  reportTo(logger: Logger): void {
    this.#availability = new AvailabilityLog(logger)
  }

  /**
   * @param resource the encoded `Resource` message
   * @throws TypeError when the endpoint is not an http(s) URL
   */
  batcher(signal: Signal, resource: Uint8Array): Batcher {
    const batcher = new Batcher(this.queue(signal), resource, this.#options)
    this.#batchers.push(batcher)
    return batcher
  }

  /** @throws TypeError when the endpoint is not an http(s) URL */
  queue(signal: Signal): ExportQueue {
    const { endpoint, tracesEndpoint, logsEndpoint, profilesEndpoint } = this.#options
    const own = { traces: tracesEndpoint, logs: logsEndpoint, profiles: profilesEndpoint }
    const url = own[signal] ?? endpoint.replace(/\/+$/, '') + PATHS[signal]
    const { maxQueueSize: maxItems, maxRetryMs } = this.#options
    const transport = new OtlpTransport({ ...this.#options, url })
    const queue = new ExportQueue(transport, { signal, maxItems, maxRetryMs }, this.#observer)
    this.#queues.push(queue)
    return queue
  }

  /** Resolves when what there is has been sent or dropped. */
  async flush(): Promise<void> {
    for (const batcher of this.#batchers) batcher.seal()
    await Promise.all(this.#queues.map((queue) => queue.idle()))
  }

  /** As `flush`, but with one attempt each: for the end of the process. */
  async finish(): Promise<void> {
    for (const batcher of this.#batchers) batcher.seal()
    await Promise.all(this.#queues.map((queue) => queue.finish()))
  }

  /** Drops what is still waiting. */
  stop(): void {
    for (const batcher of this.#batchers) batcher.stop()
    for (const queue of this.#queues) queue.stop()
  }
}
