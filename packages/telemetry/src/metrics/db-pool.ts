import { type SpanContext, SpanStatusCode } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { Gauge } from 'prom-client'
import { defaults } from '../options.ts'
import { textOf } from './attribute-values.ts'
import { DurationHistogram } from './duration-histogram.ts'
import { hostOf } from './http-client.ts'
import type { SpanMetricsOptions } from './http-server.ts'
import { oncePerRegistry } from './registry.ts'
import { MAX_SERIES } from './series.ts'
import { type OpenMetricsRegistry, SpanCounter } from './span-metric.ts'

const POOL = 'db_client_connection_pool_name'
const WAIT_TIME = 'db_client_connection_wait_time_seconds'

/** Connections of a pool at the moment of the scrape. */
export interface PoolState {
  readonly idle: number
  readonly used: number
  readonly max: number
  readonly pending: number
}

/** Connection pools: how long one waits for a connection, and what `instrumentPool` sees of the pool itself. */
export class DbPoolMetrics {
  /**
   * The metrics of a registry, made once: spans of pools and pools that are wrapped feed the same.
   * The options are those of the first who asks.
   */
  static readonly of = oncePerRegistry(
    WAIT_TIME,
    (register, options: Partial<SpanMetricsOptions> = {}) => new DbPoolMetrics(register, options),
  )

  readonly #register: OpenMetricsRegistry
  readonly #maxSeries: number
  readonly #wait: DurationHistogram
  readonly #pools = new Map<string, () => PoolState>()
  #timeouts: SpanCounter | undefined

  private constructor(register: OpenMetricsRegistry, options: Partial<SpanMetricsOptions>) {
    const { durationBuckets = defaults.metrics.durationBuckets, maxSeries = MAX_SERIES } = options
    this.#register = register
    this.#maxSeries = maxSeries
    this.#wait = new DurationHistogram(register, {
      name: WAIT_TIME,
      help: 'Time it took to obtain a connection from the pool',
      labelNames: [POOL],
      buckets: [0.001, ...durationBuckets],
      maxSeries,
    })
  }

  /** Shows a pool from now on. */
  addPool(name: string, read: () => PoolState): void {
    if (this.#pools.size === 0) this.#showPools()
    this.#pools.set(name, read)
    // A series that exists before the first time-out, so that increase() sees it.
    this.#timeoutCounter().add([name], 0)
  }

  /** @param exemplar context of the span that waited, if it leads to a stored trace */
  connected(pool: string, waitSeconds: number, exemplar?: SpanContext): void {
    this.#wait.observe([pool], waitSeconds, exemplar)
  }

  timedOut(pool: string): void {
    this.#timeoutCounter().add([pool], 1)
  }

  /** A `pg-pool.connect` span of the official instrumentation. */
  ended(span: ReadableSpan, seconds: number, exemplar: SpanContext | undefined): void {
    const pool = poolNameOf(span)
    if (span.status.code !== SpanStatusCode.ERROR) this.connected(pool, seconds, exemplar)
    // Told only by its message.
    else if (/timeout/i.test(span.status.message ?? '')) this.timedOut(pool)
  }

  #timeoutCounter(): SpanCounter {
    this.#timeouts ??= new SpanCounter(this.#register, {
      name: 'db_client_connection_timeouts_total',
      help: 'Connection requests that timed out waiting for the pool',
      labelNames: [POOL],
      maxSeries: this.#maxSeries,
    })
    return this.#timeouts
  }

  /** Not before there is a pool, so that a service without one says nothing of pools. */
  #showPools(): void {
    const pools = this.#pools
    const registers = [this.#register]
    new Gauge({
      name: 'db_client_connection_count',
      help: 'Connections that are in the state of the label',
      labelNames: [POOL, 'db_client_connection_state'],
      registers,
      collect() {
        for (const [name, read] of pools) {
          const { idle, used } = read()
          this.set({ [POOL]: name, db_client_connection_state: 'idle' }, idle)
          this.set({ [POOL]: name, db_client_connection_state: 'used' }, used)
        }
      },
    })
    new Gauge({
      name: 'db_client_connection_max',
      help: 'Connections the pool may open',
      labelNames: [POOL],
      registers,
      collect() {
        for (const [name, read] of pools) this.set({ [POOL]: name }, read().max)
      },
    })
    new Gauge({
      name: 'db_client_connection_pending_requests',
      help: 'Requests that wait for a connection',
      labelNames: [POOL],
      registers,
      collect() {
        for (const [name, read] of pools) this.set({ [POOL]: name }, read().pending)
      },
    })
  }
}

/**
 * The pool's name; where it has none, `host:port/database` as in the semantic conventions, but never with an IP:
 * https://opentelemetry.io/docs/specs/semconv/database/database-metrics/#metric-dbclientconnectionwait_time
 */
function poolNameOf({ attributes }: ReadableSpan): string {
  const name = textOf(attributes['db.client.connection.pool.name'])
  if (name !== undefined) return name
  const database = textOf(attributes['db.namespace'] ?? attributes['db.name']) ?? ''
  const host = hostOf(attributes)
  if (host === undefined) return database
  const port = textOf(attributes['server.port'] ?? attributes['net.peer.port'])
  return `${host}${port === undefined ? '' : `:${port}`}/${database}`
}
