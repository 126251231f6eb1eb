import { Counter, Gauge, Histogram, type OpenMetricsContentType, type Registry } from 'prom-client'
import type { MetricsOptions } from '../options.ts'
import type { RecordedSpan } from '../trace/span.ts'
import { DurationHistogram } from './duration-histogram.ts'

/** One finished query. */
export interface DbOperation {
  readonly system: string
  readonly operation: string
  readonly collection: string
  readonly errorType: string | undefined
  readonly durationSeconds: number
  readonly exemplar: RecordedSpan | undefined
}

/** Connections of a pool at the moment of the scrape. */
export interface PoolState {
  readonly idle: number
  readonly used: number
  readonly max: number
  readonly pending: number
}

/** Queries and connection pools. */
export class DbClientMetrics {
  readonly #duration: DurationHistogram
  readonly #wait: Histogram<string>
  readonly #timeouts: Counter<string>
  readonly #pools = new Map<string, () => PoolState>()

  constructor(register: Registry<OpenMetricsContentType>, options: MetricsOptions) {
    const buckets = [0.001, ...options.durationBuckets]
    const registers = [register]
    const poolLabel = 'db_client_connection_pool_name'
    this.#duration = new DurationHistogram(register, {
      name: 'db_client_operation_duration_seconds',
      help: 'Duration of database client operations',
      labelNames: ['db_system_name', 'db_operation_name', 'db_collection_name', 'error_type'],
      buckets,
    })
    this.#wait = new Histogram({
      name: 'db_client_connection_wait_time_seconds',
      help: 'Time it took to obtain a connection from the pool',
      labelNames: [poolLabel],
      buckets,
      registers,
    })
    this.#timeouts = new Counter({
      name: 'db_client_connection_timeouts',
      help: 'Connection requests that timed out waiting for the pool',
      labelNames: [poolLabel],
      registers,
    })
    const pools = this.#pools
    new Gauge({
      name: 'db_client_connection_count',
      help: 'Connections that are in the state of the label',
      labelNames: [poolLabel, 'db_client_connection_state'],
      registers,
      collect() {
        for (const [name, read] of pools) {
          const { idle, used } = read()
          this.set({ [poolLabel]: name, db_client_connection_state: 'idle' }, idle)
          this.set({ [poolLabel]: name, db_client_connection_state: 'used' }, used)
        }
      },
    })
    new Gauge({
      name: 'db_client_connection_max',
      help: 'Connections the pool may open',
      labelNames: [poolLabel],
      registers,
      collect() {
        for (const [name, read] of pools) this.set({ [poolLabel]: name }, read().max)
      },
    })
    new Gauge({
      name: 'db_client_connection_pending_requests',
      help: 'Requests that wait for a connection',
      labelNames: [poolLabel],
      registers,
      collect() {
        for (const [name, read] of pools) this.set({ [poolLabel]: name }, read().pending)
      },
    })
  }

  /** Shows a pool from now on. */
  addPool(name: string, read: () => PoolState): void {
    this.#pools.set(name, read)
    this.#timeouts.inc({ db_client_connection_pool_name: name }, 0)
  }

  connected(pool: string, waitSeconds: number): void {
    this.#wait.observe({ db_client_connection_pool_name: pool }, waitSeconds)
  }

  timedOut(pool: string): void {
    this.#timeouts.inc({ db_client_connection_pool_name: pool })
  }

  finished({ system, operation, collection, errorType, durationSeconds, exemplar }: DbOperation): void {
    this.#duration.observe([system, operation, collection, errorType], durationSeconds, exemplar)
  }
}
