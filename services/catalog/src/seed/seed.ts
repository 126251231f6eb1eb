import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Client } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { bulkLoad } from './bulk-load.ts'
import { makeConcert, makeSeats, makeVenue } from './factories.ts'

export interface SeedSize {
  venues: number
  concerts: number
}

/** 1,000 concerts of 500 seats each. */
export const defaultSeedSize: SeedSize = { venues: 40, concerts: 1_000 }

/** Any fixed number: two migrate steps at once must not seed twice. */
const SEED_LOCK = 4_120_901_377

/** Lines sent to the server at a time; larger chunks gain nothing. */
const LINES_PER_CHUNK = 2_000

/**
 * Fills the empty catalog, all or nothing, by COPY. Does nothing when there is a concert already.
 *
 * @returns whether rows were written
 */
export async function seed(client: Client, size: SeedSize = defaultSeedSize): Promise<boolean> {
  await client.query('BEGIN')
  try {
    await client.query('SELECT pg_advisory_xact_lock($1)', [SEED_LOCK])
    const { rowCount } = await client.query('SELECT FROM catalog.concerts LIMIT 1')
    if (rowCount !== 0) {
      await client.query('COMMIT')
      return false
    }
    await copy(client, 'catalog.venues (id, name, city, country, capacity)', venueRows(size))
    await copy(
      client,
      `catalog.concerts (id, venue_id, title, artist, genre, description, starts_at, seat_count, lowest_price,
                         currency, updated_at)`,
      concertRows(size),
    )
    await bulkLoad(client, 'catalog.seats', () =>
      copy(
        client,
        'catalog.seats (id, concert_id, section, row_label, number, status, price, currency)',
        seatRows(size),
      ),
    )
    await client.query('COMMIT')
  } catch (error) {
    await client.query('ROLLBACK')
    throw error
  }
  // Index-only scans need the visibility map and the planner its statistics now, not when autovacuum comes by.
  await client.query('VACUUM (ANALYZE) catalog.venues, catalog.concerts, catalog.seats')
  return true
}

function* venueRows(size: SeedSize): Generator<readonly unknown[]> {
  for (let index = 0; index < size.venues; index++) {
    const venue = makeVenue(index)
    yield [venue.id, venue.name, venue.city, venue.country, venue.capacity]
  }
}

function* concertRows(size: SeedSize): Generator<readonly unknown[]> {
  for (let index = 0; index < size.concerts; index++) {
    const c = makeConcert(index, size.venues)
    yield [
      c.id,
      c.venueId,
      c.title,
      c.artist,
      c.genre,
      c.description,
      c.startsAt.toISOString(),
      c.seatCount,
      c.lowestPrice,
      c.currency,
      c.updatedAt.toISOString(),
    ]
  }
}

function* seatRows(size: SeedSize): Generator<readonly unknown[]> {
  for (let index = 0; index < size.concerts; index++) {
    for (const s of makeSeats(makeConcert(index, size.venues).id)) {
      yield [s.id, s.concertId, s.section, s.rowLabel, s.number, s.status, s.price, s.currency]
    }
  }
}

/** Rows in COPY's text format. The factories' values hold none of the characters that it would have to escape. */
function* copyLines(rows: Iterable<readonly unknown[]>): Generator<string> {
  let chunk = ''
  let lines = 0
  for (const row of rows) {
    chunk += `${row.join('\t')}\n`
    if (++lines % LINES_PER_CHUNK === 0) {
      yield chunk
      chunk = ''
    }
  }
  yield chunk
}

async function copy(client: Client, target: string, rows: Iterable<readonly unknown[]>): Promise<void> {
  await pipeline(Readable.from(copyLines(rows)), client.query(copyFrom(`COPY ${target} FROM STDIN`)))
}
