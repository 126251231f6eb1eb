import { type Deadline, DependencyError, type DependencyFailure } from '@faultline/service-kit'
import type { Telemetry } from '@faultline/telemetry'
import pg from 'pg'

/** Name of the database in problems and as `peer.service` of spans. */
export const POSTGRESQL = 'postgresql'

export interface DatabaseOptions {
  /** URL with the service's own role. */
  url: string
  telemetry: Pick<Telemetry, 'instrumentPool' | 'logger'>
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

/** The database as repositories use it. */
export interface Database {
  /**
   * Runs a statement, at most until the deadline.
   *
   * @throws DependencyError when the database cannot be reached, is too slow, or fails
   */
  query<Row extends pg.QueryResultRow>(statement: Statement, deadline: Deadline): Promise<Row[]>
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
    application_name: 'catalog',
  })
  settings.telemetry.instrumentPool(pool, { poolName: 'catalog', peerService: POSTGRESQL })
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
    application_name: 'catalog readiness',
  })
  probe.on('error', () => undefined)

  return {
    async query<Row extends pg.QueryResultRow>(statement: Statement, deadline: Deadline) {
      const remainingMs = Math.ceil(deadline.remainingMs())
      if (remainingMs === 0) throw new DependencyError(POSTGRESQL, 'timeout')
      try {
        // A connection whose answer is not awaited any longer is closed by the pool, not used again.
        const config = { ...statement, values: [...statement.values], query_timeout: remainingMs }
        const { rows } = await pool.query<Row>(config)
        return rows
      } catch (error) {
        throw new DependencyError(POSTGRESQL, failureOf(error), error)
      }
    },
    async check() {
      await probe.query('SELECT FROM concerts LIMIT 1')
    },
    async close() {
      await Promise.all([pool.end(), probe.end()])
    },
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

function failureOf(error: unknown): DependencyFailure {
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
