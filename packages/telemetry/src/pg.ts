import { type Context, context, type Span, SpanKind, type Tracer, trace } from '@opentelemetry/api'
import type { DbPoolMetrics } from './metrics/database.ts'
import { describeQuery } from './query.ts'
import type { QuerySummary } from './query-summary.ts'
import { attributesOf, errorTypeOf, readText, recordFailure, toHrTime } from './spans.ts'

type AnyFunction = (...args: never[]) => unknown

/** The part of a `pg` client that is wrapped. */
interface InstrumentedClient {
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

/** Milliseconds of waiting for a connection from which the wait gets a span of its own. */
const VISIBLE_WAIT_MS = 1

type Callback = (error: unknown, ...rest: unknown[]) => void

/** Wraps the pool's `connect` and the `query` of every client it opens. */
export function instrumentPgPool(
  pool: InstrumentedPool,
  options: PoolOptions,
  tracer: Tracer,
  metrics: DbPoolMetrics | undefined,
): void {
  const instrumentation = new PoolInstrumentation(options, tracer, metrics)
  const connect = pool.connect as (...args: unknown[]) => unknown
  pool.connect = ((callback?: Callback) =>
    instrumentation.connect((settled) => connect.call(pool, settled), callback)) as AnyFunction
  pool.on('connect', (client: InstrumentedClient) => {
    const query = client.query as (...args: unknown[]) => unknown
    client.query = ((...args: unknown[]) =>
      instrumentation.query((wrapped) => query.apply(client, wrapped), args)) as AnyFunction
  })
  metrics?.addPool(options.poolName, () => ({
    idle: pool.idleCount,
    used: pool.totalCount - pool.idleCount,
    max: pool.options.max ?? 0,
    pending: pool.waitingCount,
  }))
}

class PoolInstrumentation {
  readonly #options: PoolOptions
  readonly #tracer: Tracer
  readonly #metrics: DbPoolMetrics | undefined

  constructor(options: PoolOptions, tracer: Tracer, metrics: DbPoolMetrics | undefined) {
    this.#options = options
    this.#tracer = tracer
    this.#metrics = metrics
  }

  connect(run: (callback?: Callback) => unknown, callback: Callback | undefined): unknown {
    const active = context.active()
    const startMs = performance.now()
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
    const span = this.#startSpan(statement, hasValues(args))
    const settled = (error: unknown): void => {
      if (error !== undefined && error !== null) fail(span, error)
      span.end(toHrTime())
    }
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

  #startSpan(statement: string, isParameterized: boolean): Span {
    const { systemName: system = 'postgresql', peerService = 'postgresql', namespace } = this.#options
    const described = describeQuery(statement)
    const { operation, collection, summary } = this.#options.describe?.(statement) ?? described
    const options = { kind: SpanKind.CLIENT, startTime: toHrTime() }
    const span = this.#tracer.startSpan(summary === '' ? system : summary, options)
    const attributes = attributesOf(span)
    attributes['db.system.name'] = system
    attributes['db.operation.name'] = operation
    if (collection !== '') attributes['db.collection.name'] = collection
    if (namespace !== undefined) attributes['db.namespace'] = namespace
    attributes['db.query.summary'] = summary
    // https://opentelemetry.io/docs/specs/semconv/database/database-spans/#sanitization-of-dbquerytext
    span.setAttribute('db.query.text', isParameterized ? statement : described.text)
    attributes['peer.service'] = peerService
    return span
  }

  #connected(active: Context, startMs: number, error: unknown): void {
    const { poolName } = this.#options
    const endMs = performance.now()
    const hasFailed = error !== undefined && error !== null
    if (hasFailed && isPoolTimeout(error)) this.#metrics?.timedOut(poolName)
    else this.#metrics?.connected(poolName, (endMs - startMs) / 1e3)
    if (!trace.getSpan(active) || (!hasFailed && endMs - startMs < VISIBLE_WAIT_MS)) return
    const span = this.#tracer.startSpan('pool.acquire', { startTime: toHrTime(startMs) }, active)
    attributesOf(span)['db.client.connection.pool.name'] = poolName
    if (hasFailed) fail(span, error)
    span.end(toHrTime(endMs))
  }
}

/** Statements with values of their own hold no literals worth masking. */
function hasValues([query, values]: unknown[]): boolean {
  if (Array.isArray(values)) return true
  return typeof query === 'object' && query !== null && 'values' in query && Array.isArray(query.values)
}

function textOf(query: unknown): string | undefined {
  if (typeof query === 'string') return query
  if (typeof query !== 'object' || query === null || 'submit' in query || !('text' in query)) return undefined
  return typeof query.text === 'string' ? query.text : undefined
}

function fail(span: Span, error: unknown): void {
  const errorType = errorTypeOf(error)
  const attributes = attributesOf(span)
  attributes['error.type'] = errorType
  if (/^[\dA-Z]{5}$/.test(errorType)) attributes['db.response.status_code'] = errorType
  recordFailure(span, error)
}

/** The time-out of pg-pool is known only by its message. */
function isPoolTimeout(error: unknown): boolean {
  return (
    error instanceof Error &&
    /timeout exceeded when trying to connect|connection timeout/i.test(readText(error, 'message') ?? '')
  )
}
