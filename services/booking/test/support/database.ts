import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { connectOwner, migrate } from '@faultline/service-kit'
import { startPostgres, type TestPostgres } from '@faultline/test-support/servers'
import { testTelemetry } from '@faultline/test-support/telemetry'
import pg from 'pg'
import { migrateBooking, SERVICE_ROLE } from '../../src/migration.ts'

const PASSWORD = 'service'
const DATABASE = 'box_office'

/** The catalog's own migrations: booking is tested on the schema that it sells from. */
const CATALOG_MIGRATIONS = fileURLToPath(new URL('../../../catalog/migrations', import.meta.url))

export interface TestConcert {
  id: string
  /** In the order of their ids. */
  seatIds: readonly string[]
}

/** A database with the schemas of catalog and booking. */
export interface BookingDatabase extends AsyncDisposable {
  readonly postgres: TestPostgres
  readonly ownerUrl: string
  readonly serviceUrl: string
  /** Runs SQL as the owner. */
  asOwner<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>
  /** Puts a concert on sale. Every seat costs 25.00 EUR. */
  addConcert(seats: number, concert?: { status?: string; startsAt?: Date }): Promise<TestConcert>
}

export async function startBookingDatabase(): Promise<BookingDatabase> {
  // A migration that fails must not leave a server behind.
  await using started = new AsyncDisposableStack()
  const postgres = started.use(await startPostgres())
  const ownerUrl = postgres.ownerUrl(DATABASE)
  await migrateAll(ownerUrl)
  const kept = started.move()
  const asOwner = <Row extends pg.QueryResultRow>(text: string, values?: unknown[]) =>
    run<Row>(ownerUrl, text, values)

  return {
    postgres,
    ownerUrl,
    serviceUrl: postgres.roleUrl(SERVICE_ROLE, PASSWORD, DATABASE),
    asOwner,
    async addConcert(seats, { status = 'scheduled', startsAt = new Date(Date.UTC(2099, 0, 1)) } = {}) {
      const [venueId, id] = [randomUUID(), randomUUID()]
      const seatIds = Array.from({ length: seats }, () => randomUUID()).sort()
      await asOwner(
        "INSERT INTO catalog.venues (id, name, city, country, capacity) VALUES ($1, 'Hall', 'Berlin', 'DE', 1000)",
        [venueId],
      )
      await asOwner(
        `INSERT INTO catalog.concerts (id, venue_id, title, artist, genre, description, starts_at, status,
                                       seat_count, lowest_price, currency)
         VALUES ($1, $2, 'Evening', 'Foxes', 'jazz', '', $3, $4, $5, 2500, 'EUR')`,
        [id, venueId, startsAt, status, seats],
      )
      await asOwner(
        `INSERT INTO catalog.seats (id, concert_id, section, row_label, number, price, currency)
         SELECT id, $2, 'Floor', 'A', number, 2500, 'EUR' FROM unnest($1::uuid[]) WITH ORDINALITY AS s (id, number)`,
        [seatIds, id],
      )
      return { id, seatIds }
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

/** What the migrate entry points of catalog and booking do. */
export async function migrateAll(ownerUrl: string): Promise<void> {
  const client = await connectOwner(ownerUrl)
  const { logger } = testTelemetry()
  try {
    await migrate({ client, service: 'catalog', password: PASSWORD, directory: CATALOG_MIGRATIONS, logger })
    await migrateBooking(client, PASSWORD, logger)
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
