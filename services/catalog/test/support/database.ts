import { connectOwner } from '@faultline/service-kit'
import { startPostgres, type TestPostgres } from '@faultline/test-support/servers'
import { testTelemetry } from '@faultline/test-support/telemetry'
import pg from 'pg'
import { migrateCatalog, SERVICE_ROLE } from '../../src/migration.ts'
import { type SeedSize, seed } from '../../src/seed.ts'

const PASSWORD = 'service'
const DATABASE = 'box_office'

/** A database with the catalog's schema and seed data. */
export interface CatalogDatabase extends AsyncDisposable {
  readonly postgres: TestPostgres
  readonly ownerUrl: string
  readonly serviceUrl: string
  /** Runs SQL as the owner. */
  asOwner<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>
}

export async function startCatalogDatabase(size: SeedSize): Promise<CatalogDatabase> {
  // A migration that fails must not leave a server behind.
  await using started = new AsyncDisposableStack()
  const postgres = started.use(await startPostgres())
  const ownerUrl = postgres.ownerUrl(DATABASE)
  await migrateAndSeed(ownerUrl, size)
  const kept = started.move()
  return {
    postgres,
    ownerUrl,
    serviceUrl: postgres.roleUrl(SERVICE_ROLE, PASSWORD, DATABASE),
    asOwner: (text, values) => run(ownerUrl, text, values),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** What `src/migrate.ts` does. */
export async function migrateAndSeed(ownerUrl: string, size: SeedSize): Promise<boolean> {
  const client = await connectOwner(ownerUrl)
  try {
    await migrateCatalog(client, PASSWORD, testTelemetry().logger)
    return await seed(client, size)
  } finally {
    await client.end()
  }
}

/** Runs one statement on a connection of its own. */
export async function run<Row extends pg.QueryResultRow>(
  url: string,
  text: string,
  values: unknown[] = [],
): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query<Row>(text, values)).rows
  } finally {
    await client.end()
  }
}
