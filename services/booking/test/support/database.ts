import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { migrate } from '@faultline/service-kit'
import { SERVICE_PASSWORD, startDatabase, type TestDatabase } from '@faultline/test-support/database'
import { testTelemetry } from '@faultline/test-support/telemetry'
import { booking } from '../../src/main.ts'

/** The catalog's own migrations: booking is tested on the schema that it sells from. */
const CATALOG_MIGRATIONS = join(import.meta.dirname, '../../../catalog/migrations')

export interface TestConcert {
  id: string
  /** In the order of their ids. */
  seatIds: readonly string[]
}

/** A database with the schemas of catalog and booking. */
export interface BookingDatabase extends Omit<TestDatabase, 'serviceUrl'> {
  readonly serviceUrl: string
  /** Puts a concert on sale. Every seat costs 25.00 EUR. */
  addConcert(seats: number, concert?: { status?: string; startsAt?: Date }): Promise<TestConcert>
}

export async function startBookingDatabase(): Promise<BookingDatabase> {
  const { logger } = testTelemetry()
  const database = await startDatabase(async (client) => {
    const catalog = { service: 'catalog', password: SERVICE_PASSWORD, directory: CATALOG_MIGRATIONS }
    await migrate({ ...catalog, client, logger })
    await booking.migrate(client, SERVICE_PASSWORD, logger)
  })
  const { asOwner } = database
  return {
    ...database,
    serviceUrl: database.serviceUrl(booking.role),
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
  }
}
