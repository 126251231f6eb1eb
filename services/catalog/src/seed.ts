import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { Client } from 'pg'
import { from as copyFrom } from 'pg-copy-streams'
import { makeConcert, makeSeats, makeVenue } from './seed-rows.ts'

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
  // Index-only scans need the visibility map and the planner its statistics now, not when autovacuum gets to them.
  await client.query('VACUUM (ANALYZE) catalog.venues, catalog.concerts, catalog.seats')
  return true
}

function* venueRows({ venues }: SeedSize) {
  for (let index = 0; index < venues; index++) yield makeVenue(index)
}

function* concertRows({ concerts, venues }: SeedSize) {
  for (let index = 0; index < concerts; index++) yield makeConcert(index, venues)
}

function* seatRows(size: SeedSize) {
  for (const { id } of concertRows(size)) yield* makeSeats(id)
}

/** Rows in COPY's text format. The values of `seed-rows.ts` hold none of the characters that it would have to escape. */
function* copyLines(rows: Iterable<object>): Generator<string> {
  let chunk = ''
  let lines = 0
  for (const row of rows) {
    const values = Object.values(row).map((value) => (value instanceof Date ? value.toISOString() : value))
    chunk += `${values.join('\t')}\n`
    if (++lines % LINES_PER_CHUNK === 0) {
      yield chunk
      chunk = ''
    }
  }
  yield chunk
}

/** @param target a table and its columns, in the order of the rows' keys */
async function copy(client: Client, target: string, rows: Iterable<object>): Promise<void> {
  await pipeline(Readable.from(copyLines(rows)), client.query(copyFrom(`COPY ${target} FROM STDIN`)))
}

/** Memory for building indexes inside the transaction; the default of 64 MB sorts half a million rows on disk. */
const MAINTENANCE_WORK_MEM = '256MB'

/**
 * Fills a table while its indexes, keys and foreign keys are away, then makes them again as they were: checking
 * and sorting once at the end is about four times faster than row by row. Must run in a transaction, so that
 * nobody sees the table without them and a failure brings them back.
 *
 * @param table qualified name, known at development time
 * @see https://www.postgresql.org/docs/current/populate.html
 */
async function bulkLoad(client: Client, table: string, load: () => Promise<void>): Promise<void> {
  const constraints = await client.query<{ name: string; definition: string }>(
    `SELECT quote_ident(conname) AS name, pg_get_constraintdef(oid) AS definition
     FROM pg_constraint WHERE conrelid = $1::regclass AND contype IN ('p', 'u', 'f') ORDER BY contype DESC`,
    [table],
  )
  const indexes = await client.query<{ name: string; definition: string }>(
    `SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
     FROM pg_index LEFT JOIN pg_constraint ON conindid = indexrelid
     WHERE indrelid = $1::regclass AND conindid IS NULL`,
    [table],
  )
  for (const { name } of constraints.rows) await client.query(`ALTER TABLE ${table} DROP CONSTRAINT ${name}`)
  for (const { name } of indexes.rows) await client.query(`DROP INDEX ${name}`)

  await load()

  await client.query(`SET LOCAL maintenance_work_mem = '${MAINTENANCE_WORK_MEM}'`)
  for (const { definition } of indexes.rows) await client.query(definition)
  for (const { name, definition } of constraints.rows) {
    await client.query(`ALTER TABLE ${table} ADD CONSTRAINT ${name} ${definition}`)
  }
}
