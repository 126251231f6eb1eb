import { type Attributes, type SpanContext, SpanStatusCode } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { Gauge } from 'prom-client'
import { describeQuery } from '../query.ts'
import { hostOf } from './http.ts'
import { oncePerRegistry } from './registry.ts'
import { dbOperationOf, errorTypeOf, queryTextOf, systemOf, textOf } from './span-attributes.ts'
import {
  DurationHistogram,
  type OpenMetricsRegistry,
  SpanCounter,
  type SpanMetricsOptions,
} from './span-metric.ts'

/** Systems whose statements are no SQL: their words are not tables. */
const OTHER_LANGUAGES = new Set([
  'redis',
  'memcached',
  'mongodb',
  'elasticsearch',
  'opensearch',
  'dynamodb',
  'aws.dynamodb',
  'couchdb',
  'neo4j',
])

/** Rate, errors and duration of queries. */
export class DbClientMetrics {
  readonly #duration: DurationHistogram

  constructor(register: OpenMetricsRegistry, { durationBuckets, maxSeries }: SpanMetricsOptions) {
    this.#duration = new DurationHistogram(register, {
      name: 'db_client_operation_duration_seconds',
      help: 'Duration of database client operations',
      labelNames: ['db_system_name', 'db_operation_name', 'db_collection_name', 'error_type'],
      buckets: [0.001, ...durationBuckets],
      maxSeries,
    })
  }

  ended(span: ReadableSpan, seconds: number, exemplar: SpanContext | undefined): void {
    const { attributes } = span
    const system = systemOf(attributes)
    let operation = dbOperationOf(attributes)
    let collection = collectionOf(attributes)
    const text = queryTextOf(attributes)
    if (text !== undefined && (operation === undefined || collection === undefined)) {
      const described = describeQuery(text)
      operation ??= described.operation
      if (!OTHER_LANGUAGES.has(system ?? '')) collection ??= textOf(described.collection)
    }
    this.#duration.observe([system, operation ?? '', collection ?? '', errorTypeOf(span)], seconds, exemplar)
  }
}

function collectionOf(attributes: Attributes): string | undefined {
  return textOf(
    attributes['db.collection.name'] ??
      attributes['db.sql.table'] ??
      attributes['db.mongodb.collection'] ??
      attributes['db.cassandra.table'],
  )
}

const POOL = 'db_client_connection_pool_name'
const WAIT_TIME = 'db_client_connection_wait_time_seconds'

/** Connections of a pool at the moment of the scrape. */
interface PoolState {
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
    (register, options: SpanMetricsOptions) => new DbPoolMetrics(register, options),
  )

  readonly #register: OpenMetricsRegistry
  readonly #maxSeries: number | undefined
  readonly #wait: DurationHistogram
  readonly #pools = new Map<string, () => PoolState>()
  #timeouts: SpanCounter | undefined

  private constructor(register: OpenMetricsRegistry, { durationBuckets, maxSeries }: SpanMetricsOptions) {
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
    // Known only by its message.
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
    const state = 'db_client_connection_state'
    this.#gauge(
      'count',
      'Connections that are in the state of the label',
      [POOL, state],
      (gauge, pool, { idle, used }) => {
        gauge.set({ ...pool, [state]: 'idle' }, idle)
        gauge.set({ ...pool, [state]: 'used' }, used)
      },
    )
    this.#gauge('max', 'Connections the pool may open', [POOL], (gauge, pool, { max }) =>
      gauge.set(pool, max),
    )
    this.#gauge(
      'pending_requests',
      'Requests that wait for a connection',
      [POOL],
      (gauge, pool, { pending }) => gauge.set(pool, pending),
    )
  }

  #gauge(
    name: string,
    help: string,
    labelNames: string[],
    show: (gauge: Gauge, pool: Record<string, string>, state: PoolState) => void,
  ): void {
    const pools = this.#pools
    new Gauge({
      name: `db_client_connection_${name}`,
      help,
      labelNames,
      registers: [this.#register],
      collect() {
        for (const [pool, read] of pools) show(this, { [POOL]: pool }, read())
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
