import { queryOnce } from '@faultline/test-support/database'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { searchStatement } from '../src/repositories/concerts.ts'
import { defaultSeedSize } from '../src/seed.ts'
import { makeConcert } from '../src/seed-rows.ts'
import { type CatalogDatabase, startCatalogDatabase } from './support/catalog.ts'

const INSUFFICIENT_PRIVILEGE = '42501'
const INDEX = 'seats_concert_place_idx'

let database: CatalogDatabase
let seedMs: number

beforeAll(async () => {
  const startedAt = performance.now()
  database = await startCatalogDatabase(defaultSeedSize)
  seedMs = performance.now() - startedAt
})
afterAll(() => database?.[Symbol.asyncDispose]())

const asService = (text: string, values?: unknown[]) => queryOnce(database.serviceUrl, text, values)

describe('the seed', () => {
  it('is 1,000 concerts and 500,000 seats, in seconds', async () => {
    const [counts] = await database.asOwner(
      `SELECT (SELECT count(*)::int FROM catalog.concerts) AS concerts,
              (SELECT count(*)::int FROM catalog.seats) AS seats,
              (SELECT count(DISTINCT concert_id)::int FROM catalog.seats) AS "concertsWithSeats"`,
    )
    expect(counts).toEqual({ concerts: 1_000, seats: 500_000, concertsWithSeats: 1_000 })
    expect(seedMs).toBeLessThan(60_000)
  })

  it('is what the factories make', async () => {
    const concert = makeConcert(41, defaultSeedSize.venues)
    const [stored] = await database.asOwner(
      'SELECT title, venue_id, starts_at, updated_at FROM catalog.concerts WHERE id = $1',
      [concert.id],
    )
    expect(stored).toEqual({
      title: concert.title,
      venue_id: concert.venueId,
      starts_at: concert.startsAt,
      updated_at: concert.updatedAt,
    })
  })

  it('is not written a second time, and then takes no time', async () => {
    const startedAt = performance.now()
    expect(await database.migrateAgain()).toBe(false)
    expect(performance.now() - startedAt).toBeLessThan(5_000)
  })

  it('brings back the keys and indexes that it takes away while it loads', async () => {
    const rows = await database.asOwner<{ name: string }>(
      `SELECT conname AS name FROM pg_constraint WHERE conrelid = 'catalog.seats'::regclass AND contype <> 'n'
       UNION SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = 'catalog.seats'::regclass`,
    )
    expect(rows.map(({ name }) => name).sort()).toEqual([
      'catalog.seats_concert_place_idx',
      'catalog.seats_pkey',
      'seats_concert_id_fkey',
      'seats_number_check',
      'seats_pkey',
      'seats_price_check',
      'seats_status_check',
    ])
  })

  it('leaves no place of a concert for sale twice', async () => {
    await expect(
      database.asOwner(
        `INSERT INTO catalog.seats (id, concert_id, section, row_label, number, price, currency)
         SELECT gen_random_uuid(), concert_id, section, row_label, number, price, currency
         FROM catalog.seats LIMIT 1`,
      ),
    ).rejects.toThrow(INDEX)
  })
})

describe("the service's role", () => {
  it('reads all tables of the catalog', async () => {
    for (const table of ['venues', 'concerts', 'seats']) {
      await expect(asService(`SELECT 1 FROM ${table} LIMIT 1`)).resolves.toHaveLength(1)
    }
  })

  it('changes what PATCH may change', async () => {
    await expect(
      asService(
        'UPDATE concerts SET title = title, description = description, starts_at = starts_at, status = status',
      ),
    ).resolves.toEqual([])
  })

  it.each([
    'UPDATE concerts SET version = 1',
    'UPDATE concerts SET venue_id = venue_id',
    "UPDATE seats SET status = 'sold'",
    'UPDATE venues SET name = name',
    'DELETE FROM concerts',
    'DELETE FROM seats',
    'TRUNCATE seats',
    'INSERT INTO venues SELECT * FROM venues',
    'SELECT * FROM migrations',
    'CREATE TABLE catalog.own (id int)',
    'CREATE TABLE public.own (id int)',
    'CREATE TEMPORARY TABLE own (id int)',
    'CREATE SCHEMA own',
    'CREATE ROLE own',
    'SET ROLE postgres',
    "COPY seats TO PROGRAM 'cat'",
  ])('may not: %s', async (statement) => {
    await expect(asService(statement)).rejects.toMatchObject({ code: INSUFFICIENT_PRIVILEGE })
  })

  it.each([
    `DROP INDEX ${INDEX}`,
    'DROP TABLE seats',
    'ALTER TABLE concerts DROP COLUMN title',
    'ALTER TABLE concerts DISABLE TRIGGER concerts_notify',
  ])('does not own what it would need to: %s', async (statement) => {
    await expect(asService(statement)).rejects.toThrow(/must be owner/)
  })
})

describe('the search', () => {
  const search = searchStatement({ query: 'jazz', minAvailable: 50 }, { limit: 21 })

  async function planAndTime(): Promise<{ plan: string; medianMs: number }> {
    const times: number[] = []
    let plan = ''
    for (let i = 0; i < 3; i++) {
      const rows = await queryOnce<{ 'QUERY PLAN': string }>(
        database.serviceUrl,
        `EXPLAIN (ANALYZE) ${search.text}`,
        [...search.values],
      )
      plan = rows.map((row) => row['QUERY PLAN']).join('\n')
      times.push(Number(/Execution Time: ([\d.]+) ms/.exec(plan)?.[1]))
    }
    return { plan, medianMs: times.sort((a, b) => a - b)[1] ?? Number.NaN }
  }

  it('hinges on the index on seats: without it, it is at least ten times slower', async () => {
    const withIndex = await planAndTime()
    expect(withIndex.plan).toContain(`Index Only Scan using ${INDEX}`)
    expect(withIndex.plan).not.toContain('Seq Scan on seats')
    // One descent a count: the index leads with the concert.
    const [, counts, searches] =
      new RegExp(`using ${INDEX}[^\\n]*loops=(\\d+)\\)[^]*?Index Searches: (\\d+)`).exec(withIndex.plan) ?? []
    expect(searches).toBe(counts)

    const [index] = await database.asOwner<{ definition: string }>(
      `SELECT pg_get_indexdef('catalog.${INDEX}'::regclass) AS definition`,
    )
    await database.asOwner(`DROP INDEX catalog.${INDEX}`)
    const without = await planAndTime()
    await database.asOwner(index?.definition ?? '')

    expect(without.plan).toContain('Seq Scan on seats')
    expect(without.medianMs / withIndex.medianMs).toBeGreaterThan(10)
    expect((await planAndTime()).plan).toContain(`using ${INDEX}`)
  })

  it('still counts by the index alone when seats have changed hands, and as fast as before once vacuumed', async () => {
    const swap = (from: string, to: string) =>
      database.asOwner(
        `UPDATE catalog.seats SET status = $2 WHERE id IN
           (SELECT id FROM catalog.seats WHERE status = $1 ORDER BY id LIMIT 5000)`,
        [from, to],
      )
    await swap('available', 'held')
    await swap('held', 'available')
    const changed = await planAndTime()
    expect(changed.plan).toContain(`Index Only Scan using ${INDEX}`)
    expect(heapFetches(changed.plan)).toBeGreaterThan(0)
    await database.asOwner('VACUUM catalog.seats')
    expect(heapFetches((await planAndTime()).plan)).toBe(0)
    // It is vacuumed after a hundredth of the table has changed, not after a fifth.
    const [table] = await database.asOwner(
      "SELECT reloptions FROM pg_class WHERE oid = 'catalog.seats'::regclass",
    )
    expect(table).toEqual({
      reloptions: ['autovacuum_vacuum_scale_factor=0', 'autovacuum_vacuum_threshold=5000'],
    })
  })
})

/** Rows that a plan had to look up in the table although the index has all that it needs. */
function heapFetches(plan: string): number {
  return Number(/Heap Fetches: (\d+)/.exec(plan)?.[1])
}
