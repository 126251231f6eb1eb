import { connectOwner } from '@faultline/service-kit'
import pg from 'pg'
import { startPostgres, type TestPostgres } from './servers.ts'

/** Name of every test's database, as in the kit. */
const DATABASE = 'box_office'
/** What migrations of tests give to a service's role. */
export const SERVICE_PASSWORD = 'service'

/** A migrated database on a server of its own. */
export interface TestDatabase extends AsyncDisposable {
  readonly postgres: TestPostgres
  readonly ownerUrl: string
  /** URL with the rights of a service's role. */
  serviceUrl(role: string): string
  /** Runs one statement as the owner. */
  asOwner<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>
}

/**
 * @param migrate what the migrations of the services do that use the database, as its owner; their roles get
 *   `SERVICE_PASSWORD`
 */
export async function startDatabase(migrate: (owner: pg.Client) => Promise<unknown>): Promise<TestDatabase> {
  // A migration that fails must not leave a server behind.
  await using started = new AsyncDisposableStack()
  const postgres = started.use(await startPostgres())
  const ownerUrl = postgres.ownerUrl(DATABASE)
  const owner = await connectOwner(ownerUrl)
  try {
    await migrate(owner)
  } finally {
    await owner.end()
  }
  const kept = started.move()
  return {
    postgres,
    ownerUrl,
    serviceUrl: (role) => postgres.roleUrl(role, SERVICE_PASSWORD, DATABASE),
    asOwner: (text, values) => queryOnce(ownerUrl, text, values),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** Runs one statement on a connection of its own. */
export const queryOnce = <Row extends pg.QueryResultRow>(url: string, text: string, values: unknown[] = []) =>
  withClient(url, async (client) => (await client.query<Row>(text, values)).rows)

/** Does work on a connection of its own. */
export async function withClient<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
