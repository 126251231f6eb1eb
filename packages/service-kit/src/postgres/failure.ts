import pg from 'pg'
import type { DependencyFailure } from '../problems/common-problems.ts'

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
