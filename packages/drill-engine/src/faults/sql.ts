import pg from 'pg'
import { EnvironmentFailure } from '../errors.ts'

const CONNECT_TIMEOUT_MS = 5000
/** Creating an index anew while load runs takes seconds; a lock that nobody gives back must not hang the undoing. */
const STATEMENT_TIMEOUT_MS = 60_000

/** Runs statements as the owner, one after the other. */
export async function runSql(url: string, statements: readonly string[]): Promise<void> {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    application_name: 'drill',
  })
  try {
    await client.connect()
    for (const statement of statements) await client.query(statement)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new EnvironmentFailure(`the database refused a statement of the drill: ${reason}`, { cause: error })
  } finally {
    await client.end().catch(() => undefined)
  }
}
