import pg from 'pg'
import type { Deadline } from '../app/deadline.ts'
import type { DependencyFailure } from '../app/problem.ts'
import { DependencyError } from '../http-client/attempt.ts'
import type { ServiceTelemetry } from '../telemetry-types.ts'

/** Name of the database in problems and as `peer.service` of spans. */
export const POSTGRESQL = 'postgresql'

/** The parts of telemetry that a database uses. */
export interface DatabaseTelemetry extends Pick<ServiceTelemetry, 'logger'> {
  /** Gives the pool's queries spans and the pool its gauges. @returns the same pool */
  instrumentPool<P extends pg.Pool>(pool: P, options: { poolName: string; peerService: string }): P
}

export interface DatabaseOptions {
  /** URL with the service's own role. */
  url: string
  telemetry: DatabaseTelemetry
  /** Name of the pool in metrics and of the sessions in `pg_stat_activity`: the service's. */
  name: string
  /** Statement that fails while the database is not migrated; the readiness check runs it. */
  checkStatement: string
  /** Connections, at most. */
  maxConnections?: number
  /** Longest wait for a connection, in milliseconds. */
  acquireTimeoutMs?: number
  /** Longest statement, in milliseconds; the server cancels it then. */
  statementTimeoutMs?: number
}

export const databaseDefaults = {
  maxConnections: 10,
  acquireTimeoutMs: 500,
  // With the wait for a connection less than the 2 s that the gateway gives an attempt.
  statementTimeoutMs: 1_400,
} satisfies Partial<DatabaseOptions>

/** A statement with its parameters. */
export interface Statement {
  /** Makes the server keep the plan: for statements whose best plan does not depend on the parameters. */
  name?: string
  text: string
  values: readonly unknown[]
}

/** What a repository asks: the database itself, or a transaction of it. */
export interface Queryable {
  /**
   * Runs a statement, at most until the deadline.
   *
   * @throws DependencyError when the database cannot be reached, is too slow, or fails; its `cause` is the
   * driver's error, so that a violated constraint can be recognised
   */
  query<Row extends pg.QueryResultRow>(statement: Statement, deadline: Deadline): Promise<Row[]>
}

/** The database as repositories use it. */
export interface Database extends Queryable {
  /**
   * Runs `work` in one transaction (READ COMMITTED): committed when it resolves, rolled back when it rejects. A
   * connection on which that cannot be done is closed, so that the server rolls back.
   *
   * @throws DependencyError as `query` does, also when it is not known whether the commit happened
   */
  transaction<T>(work: (transaction: Queryable) => Promise<T>, deadline: Deadline): Promise<T>
  /** Rejects when the database cannot be reached or is not migrated; never waits for the pool under load. */
  check(): Promise<void>
  close(): Promise<void>
}

/** Opens no connection yet: a database that is away at start is noticed by the first statement. */
export function createDatabase(options: DatabaseOptions): Database {
  const settings = { ...databaseDefaults, ...options }
  const pool = new pg.Pool({
    connectionString: settings.url,
    max: settings.maxConnections,
    connectionTimeoutMillis: settings.acquireTimeoutMs,
    statement_timeout: settings.statementTimeoutMs,
    idleTimeoutMillis: 30_000,
    keepAlive: true,
    application_name: settings.name,
  })
  settings.telemetry.instrumentPool(pool, { poolName: settings.name, peerService: POSTGRESQL })
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on('error', (error) =>
    settings.telemetry.logger.warn({ err: error }, 'idle database connection broke'),
  )

  // A connection of its own, not instrumented: the pool being busy does not make the replica unready, and a check
  // every second belongs in no trace and no metric of the service's queries.
  const probe = new pg.Pool({
    connectionString: settings.url,
    max: 1,
    connectionTimeoutMillis: settings.acquireTimeoutMs,
    query_timeout: settings.acquireTimeoutMs,
    application_name: `${settings.name} readiness`,
  })
  probe.on('error', () => undefined)

  return {
    query: (statement, deadline) => run(pool, statement, deadline),

    async transaction(work, deadline) {
      const client = await pool.connect().catch((error: unknown) => {
        throw new DependencyError(POSTGRESQL, failureOf(error), error)
      })
      let broken = true
      // A connection that breaks while it is lent reports to the client, not to the pool.
      const ignore = () => undefined
      client.on('error', ignore)
      try {
        await run(client, { text: 'BEGIN', values: [] }, deadline)
        const result = await work({ query: (statement, limit) => run(client, statement, limit) })
        await run(client, { text: 'COMMIT', values: [] }, deadline)
        broken = false
        return result
      } catch (error) {
        // Rolling back takes no deadline's time away: it is what frees the locks.
        const rollback = { text: 'ROLLBACK', values: [], query_timeout: settings.acquireTimeoutMs }
        broken = await client.query(rollback).then(
          () => false,
          () => true,
        )
        throw error
      } finally {
        client.off('error', ignore)
        client.release(broken)
      }
    },

    async check() {
      await probe.query(settings.checkStatement)
    },
    async close() {
      await Promise.all([pool.end(), probe.end()])
    },
  }
}

async function run<Row extends pg.QueryResultRow>(
  on: pg.Pool | pg.PoolClient,
  statement: Statement,
  deadline: Deadline,
): Promise<Row[]> {
  const remainingMs = Math.ceil(deadline.remainingMs())
  if (remainingMs === 0) throw new DependencyError(POSTGRESQL, 'timeout')
  try {
    // A connection whose answer is not awaited any longer is closed by the pool, not used again.
    const config = { ...statement, values: [...statement.values], query_timeout: remainingMs }
    const { rows } = await on.query<Row>(config)
    return rows
  } catch (error) {
    throw new DependencyError(POSTGRESQL, failureOf(error), error)
  }
}

/** SQLSTATE of a statement cancelled by `statement_timeout`. */
const QUERY_CANCELED = '57014'

/**
 * SQLSTATE classes that say nothing of the statement: connection exceptions, too few resources, shutting down.
 *
 * @see https://www.postgresql.org/docs/current/errcodes-appendix.html
 */
const UNAVAILABLE = /^(?:08|53|57P)/

/** How the database failed, from what the driver threw. */
export function failureOf(error: unknown): DependencyFailure {
  if (error instanceof pg.DatabaseError) {
    if (error.code === QUERY_CANCELED) return 'timeout'
    return UNAVAILABLE.test(error.code ?? '') ? 'unavailable' : 'error_answer'
  }
  // The client's own errors carry no code.
  const message = error instanceof Error ? error.message : ''
  if (message === 'Query read timeout') return 'timeout'
  if (message.startsWith('timeout exceeded when trying to connect')) return 'bulkhead_full'
  return 'connection_failed'
}
