import { connectOwner } from '@faultline/service-kit'
import { startPostgres, type TestPostgres } from '@faultline/test-support/servers'
import { testTelemetry } from '@faultline/test-support/telemetry'
import pg from 'pg'
import { ticketing } from '../../src/main.ts'

const PASSWORD = 'service'
const DATABASE = 'box_office'

/** A database with ticketing's schema. */
export interface TicketingDatabase extends AsyncDisposable {
  readonly postgres: TestPostgres
  readonly serviceUrl: string
  /** Runs SQL as the owner. */
  asOwner<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>
}

export async function startTicketingDatabase(): Promise<TicketingDatabase> {
  // A migration that fails must not leave a server behind.
  await using started = new AsyncDisposableStack()
  const postgres = started.use(await startPostgres())
  const ownerUrl = postgres.ownerUrl(DATABASE)
  const client = await connectOwner(ownerUrl)
  try {
    await ticketing.migrate(client, PASSWORD, testTelemetry().logger)
  } finally {
    await client.end()
  }
  const kept = started.move()
  return {
    postgres,
    serviceUrl: postgres.roleUrl(ticketing.role, PASSWORD, DATABASE),
    async asOwner<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) {
      const connection = new pg.Client({ connectionString: ownerUrl })
      await connection.connect()
      try {
        return (await connection.query<Row>(text, values)).rows
      } finally {
        await connection.end()
      }
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}
