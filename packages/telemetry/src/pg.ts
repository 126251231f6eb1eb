import { type Context, context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import { type QuerySummary, summarizeQuery } from './db-query.ts'
import type { DbClientMetrics } from './metrics/db-client.ts'
import { leadsToStoredTrace } from './metrics/exemplar.ts'
import { monotonicMs } from './trace/clock.ts'
import type { RecordedSpan } from './trace/span.ts'
import { type LightTracer, parentOf } from './trace/tracer.ts'

type AnyFunction = (...args: never[]) => unknown

/** The part of a `pg` client that is wrapped. */
export interface InstrumentedClient {
  query: AnyFunction
}

/** The part of `pg.Pool` that is wrapped or read; structural, so that no `pg` is needed here. */
export interface InstrumentedPool {
  connect: AnyFunction
  readonly totalCount: number
  readonly idleCount: number
  readonly waitingCount: number
  readonly options: { readonly max?: number | undefined }
  on(event: 'connect', listener: (client: never) => void): unknown
}

export interface PoolOptions {
  /** Label of the pool's metrics. */
  readonly poolName: string
  /** `peer.service` of the spans; `postgresql` by default. */
  readonly peerService?: string
  /** `db.system.name`; `postgresql` by default. */
  readonly systemName?: string
  /** `db.namespace`, the database. */
  readonly namespace?: string
  /** Names a statement, instead of the pattern matching of its text. */
  readonly describe?: (text: string) => QuerySummary
}

export interface PoolDependencies {
  readonly tracer: LightTracer | undefined
  readonly metrics: DbClientMetrics | undefined
  readonly slowThresholdMs: number
}

/** Milliseconds of waiting for a connection from which the wait gets a span of its own. */
const VISIBLE_WAIT_MS = 1
/** Statements whose summary is remembered. */
const MAX_STATEMENTS = 1_024

type Callback = (error: unknown, ...rest: unknown[]) => void

/** Wraps the pool's `connect` and the `query` of every client it opens. */
export function instrumentPgPool(
  pool: InstrumentedPool,
  options: PoolOptions,
  dependencies: PoolDependencies,
): void {
  const instrumentation = new PoolInstrumentation(options, dependencies)
  const connect = pool.connect as (...args: unknown[]) => unknown
  pool.connect = function (this: unknown, callback?: Callback): unknown {
    return instrumentation.connect((settled) => connect.call(pool, settled), callback)
  } as AnyFunction
  pool.on('connect', (client: InstrumentedClient) => {
    const query = client.query as (...args: unknown[]) => unknown
    client.query = function (this: unknown, ...args: unknown[]): unknown {
      return instrumentation.query((wrapped) => query.apply(client, wrapped), args)
    } as AnyFunction
  })
  dependencies.metrics?.addPool(options.poolName, () => ({
    idle: pool.idleCount,
    used: pool.totalCount - pool.idleCount,
    max: pool.options.max ?? 0,
    pending: pool.waitingCount,
  }))
}

class PoolInstrumentation {
  readonly #options: PoolOptions
  readonly #dependencies: PoolDependencies
  readonly #system: string
  readonly #peerService: string
  readonly #statements = new Map<string, QuerySummary>()

  constructor(options: PoolOptions, dependencies: PoolDependencies) {
    this.#options = options
    this.#dependencies = dependencies
    this.#system = options.systemName ?? 'postgresql'
    this.#peerService = options.peerService ?? 'postgresql'
  }

  connect(run: (callback?: Callback) => unknown, callback: Callback | undefined): unknown {
    const active = context.active()
    const startMs = monotonicMs()
    if (callback) {
      // A waiting caller is served from whoever releases a connection, so its own context is brought back.
      return run((error, ...rest) => {
        this.#connected(active, startMs, error)
        context.with(active, () => callback(error, ...rest))
      })
    }
    const result = run() as Promise<unknown>
    const settled = (error?: unknown): void => this.#connected(active, startMs, error)
    result.then(() => settled(), settled)
    return result
  }

  query(run: (args: unknown[]) => unknown, args: unknown[]): unknown {
    const statement = textOf(args[0])
    // Cursors and streams run their own protocol over many round trips.
    if (statement === undefined) return run(args)
    const summary = this.#summarize(statement)
    const startMs = monotonicMs()
    const span = this.#startSpan(statement, summary, startMs)
    const settled = (error: unknown): void => this.#finish(span, summary, startMs, error)
    const last = args.at(-1)
    if (typeof last === 'function') {
      const active = context.active()
      args[args.length - 1] = (error: unknown, ...rest: unknown[]): void => {
        settled(error)
        context.with(active, () => (last as Callback)(error, ...rest))
      }
      return run(args)
    }
    let result: unknown
    try {
      result = run(args)
    } catch (error) {
      settled(error)
      throw error
    }
    if (result instanceof Promise) result.then(() => settled(undefined), settled)
    return result
  }

  #startSpan(statement: string, { operation, collection, summary }: QuerySummary, startMs: number) {
    const { tracer } = this.#dependencies
    if (!tracer) return undefined
    const name = summary === '' ? this.#system : summary
    const span = tracer.start(name, SpanKind.CLIENT, parentOf(trace.getSpan(context.active())), startMs)
    span.pushAttribute('db.system.name', this.#system)
    span.pushAttribute('db.operation.name', operation)
    if (collection !== '') span.pushAttribute('db.collection.name', collection)
    if (this.#options.namespace !== undefined) span.pushAttribute('db.namespace', this.#options.namespace)
    span.pushAttribute('db.query.summary', summary)
    span.pushAttribute('db.query.text', statement)
    span.pushAttribute('peer.service', this.#peerService)
    return span
  }

  #finish(span: RecordedSpan | undefined, summary: QuerySummary, startMs: number, error: unknown): void {
    const { metrics, slowThresholdMs } = this.#dependencies
    const endMs = monotonicMs()
    const errorType = error === undefined || error === null ? undefined : errorCode(error)
    if (span) {
      if (errorType !== undefined) fail(span, errorType, error)
      span.endAt(endMs)
    }
    metrics?.finished({
      system: this.#system,
      operation: summary.operation,
      collection: summary.collection,
      errorType,
      durationSeconds: (endMs - startMs) / 1e3,
      exemplar: span && leadsToStoredTrace(span, slowThresholdMs) ? span : undefined,
    })
  }

  #connected(active: Context, startMs: number, error: unknown): void {
    const { tracer, metrics } = this.#dependencies
    const { poolName } = this.#options
    const endMs = monotonicMs()
    const hasFailed = error !== undefined && error !== null
    if (hasFailed && isPoolTimeout(error)) metrics?.timedOut(poolName)
    else metrics?.connected(poolName, (endMs - startMs) / 1e3)
    const parent = parentOf(trace.getSpan(active))
    if (!tracer || !parent || (!hasFailed && endMs - startMs < VISIBLE_WAIT_MS)) return
    const span = tracer.start('pool.acquire', SpanKind.INTERNAL, parent, startMs)
    span.pushAttribute('db.client.connection.pool.name', poolName)
    if (hasFailed) fail(span, errorCode(error), error)
    span.endAt(endMs)
  }

  #summarize(statement: string): QuerySummary {
    const known = this.#statements.get(statement)
    if (known) return known
    const summary = (this.#options.describe ?? summarizeQuery)(statement)
    if (this.#statements.size < MAX_STATEMENTS) this.#statements.set(statement, summary)
    return summary
  }
}

function textOf(query: unknown): string | undefined {
  if (typeof query === 'string') return query
  if (typeof query !== 'object' || query === null || 'submit' in query || !('text' in query)) return undefined
  return typeof query.text === 'string' ? query.text : undefined
}

function fail(span: RecordedSpan, errorType: string, error: unknown): void {
  span.pushAttribute('error.type', errorType)
  if (/^[\dA-Z]{5}$/.test(errorType)) span.pushAttribute('db.response.status_code', errorType)
  span.setStatus({ code: SpanStatusCode.ERROR })
  if (error instanceof Error) span.recordException(error)
}

/** SQLSTATE or a system error's code; else the error's class. */
function errorCode(error: unknown): string {
  if (!(error instanceof Error)) return 'Error'
  const { code } = error as NodeJS.ErrnoException
  return typeof code === 'string' ? code : error.name
}

/** pg-pool tells its time-out only by the message. */
function isPoolTimeout(error: unknown): boolean {
  return (
    error instanceof Error &&
    /timeout exceeded when trying to connect|connection timeout/i.test(error.message)
  )
}
