import type { Concert } from '@faultline/contracts'
import { fetchJson } from '@faultline/test-support/http'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { makeConcert } from '../src/seed-rows.ts'
import { type CatalogDatabase, type Replica, startCatalogDatabase, startReplica } from './support/catalog.ts'

const SIZE = { venues: 5, concerts: 20 }

let database: CatalogDatabase
let one: Replica
let two: Replica
let next = 0

beforeAll(async () => {
  database = await startCatalogDatabase(SIZE)
  one = await startReplica(database.serviceUrl)
  two = await startReplica(database.serviceUrl)
})
afterAll(async () => {
  await Promise.all([one?.[Symbol.asyncDispose](), two?.[Symbol.asyncDispose]()])
  await database?.[Symbol.asyncDispose]()
})

/** A concert that no test before has asked for. */
let id: string
beforeEach(() => {
  id = makeConcert(next++, SIZE.venues).id
})

const concertAt = (replica: Replica) => fetchJson<Concert>(`${replica.url}/concerts/${id}`)

const titleAt = async (replica: Replica) => (await concertAt(replica)).body.title

const patchAt = async (replica: Replica, title: string) =>
  fetchJson<Concert>(`${replica.url}/concerts/${id}`, {
    method: 'PATCH',
    body: JSON.stringify({ title }),
    headers: {
      'content-type': 'application/json',
      'if-match': '*',
      authorization: `Bearer ${await replica.users.token(undefined, { scope: 'concerts:write' })}`,
    },
  })

const requests = (replica: Replica, cache: string, result: string) =>
  replica.telemetry.value('cache_requests_total', {
    cache_name: cache,
    cache_level: 'process',
    cache_result: result,
  })

const loadsOf = (replica: Replica, pattern: RegExp) =>
  replica.statements.filter((text) => pattern.test(text)).length

describe('the cache of concerts', () => {
  it('answers a second time without the database', async () => {
    const hits = await requests(one, 'concerts', 'hit')
    await concertAt(one)
    const statements = one.statements.length
    await concertAt(one)
    expect(one.statements.length).toBe(statements)
    expect(await requests(one, 'concerts', 'hit')).toBe(hits + 1)
  })

  it('asks the database once for fifty requests at the same time', async () => {
    const before = loadsOf(one, /WHERE c\.id = \$1/)
    const answers = await Promise.all(Array.from({ length: 50 }, () => concertAt(one)))
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    expect(loadsOf(one, /WHERE c\.id = \$1/) - before).toBe(1)
  })

  it('is invalidated in both replicas by a change in one', async () => {
    await Promise.all([concertAt(one), concertAt(two)])
    const changed = await patchAt(one, 'Changed in one')
    expect(await titleAt(one)).toBe('Changed in one')
    await expect.poll(() => titleAt(two), { timeout: 2_000 }).toBe('Changed in one')
    expect((await concertAt(two)).headers.get('etag')).toBe(changed.headers.get('etag'))
    expect(
      await two.telemetry.value('cache_invalidations_total', { cache_name: 'concerts' }),
    ).toBeGreaterThan(0)
  })

  it('is invalidated by a change that no replica made', async () => {
    await concertAt(two)
    await database.asOwner('UPDATE catalog.concerts SET title = $2 WHERE id = $1', [id, 'Changed by hand'])
    await expect.poll(() => titleAt(two), { timeout: 2_000 }).toBe('Changed by hand')
  })

  it('is not invalidated by a change that is rolled back', async () => {
    await concertAt(two)
    await database.asOwner(
      `DO $$ BEGIN UPDATE catalog.concerts SET title = 'Never'; RAISE EXCEPTION 'no'; EXCEPTION WHEN OTHERS THEN END $$`,
    )
    const statements = two.statements.length
    await concertAt(two)
    expect(two.statements.length).toBe(statements)
  })

  it('forgets everything when it may have missed a change', async () => {
    await concertAt(two)
    // The connection breaks, and the change comes while nobody listens.
    await database.asOwner(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'catalog invalidations'`,
    )
    await database.asOwner('UPDATE catalog.concerts SET title = $2 WHERE id = $1', [id, 'Missed'])
    await expect.poll(() => titleAt(two), { timeout: 5_000 }).toBe('Missed')
  })
})

describe('the cache of availability', () => {
  const availability = async (replica: Replica) => {
    const { body } = await fetchJson<{ items: { available: number }[] }>(
      `${replica.url}/availability-queries`,
      {
        method: 'POST',
        body: JSON.stringify({ concertIds: [id] }),
        headers: { 'content-type': 'application/json' },
      },
    )
    return body.items[0]?.available
  }

  it('answers with the old number while it loads the new one, and is never more than two seconds old', async () => {
    const before = (await availability(one)) ?? 0
    await database.asOwner(
      `UPDATE catalog.seats SET status = 'sold'
       WHERE id = (SELECT id FROM catalog.seats WHERE concert_id = $1 AND status = 'available' LIMIT 1)`,
      [id],
    )
    const changedAt = performance.now()
    expect(await availability(one)).toBe(before)
    await expect.poll(() => availability(one), { timeout: 5_000, interval: 20 }).toBe(before - 1)
    expect(performance.now() - changedAt).toBeLessThan(2_500)
    expect(await requests(one, 'availability', 'stale')).toBeGreaterThan(0)
  })

  it('asks the database for all concerts at once', async () => {
    const concertIds = Array.from({ length: SIZE.concerts }, (_, index) => makeConcert(index, SIZE.venues).id)
    const before = loadsOf(two, /ANY\(\$1/)
    await fetchJson(`${two.url}/availability-queries`, {
      method: 'POST',
      body: JSON.stringify({ concertIds }),
      headers: { 'content-type': 'application/json' },
    })
    expect(loadsOf(two, /ANY\(\$1/) - before).toBe(1)
  })
})
