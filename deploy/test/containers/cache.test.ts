/** The catalog's cache level that replicas share, on the server of the compose file. */
import type { Concert } from '@faultline/contracts'
import { fetchJson } from '@faultline/test-support/http'
import { testTelemetry } from '@faultline/test-support/telemetry'
import { Wait } from 'testcontainers'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { connectSharedStore, type SharedStore } from '../../../services/catalog/src/cache/shared-cache.ts'
import { makeConcert } from '../../../services/catalog/src/seed-rows.ts'
import {
  type CatalogDatabase,
  type Replica,
  startCatalogDatabase,
  startReplica,
} from '../../../services/catalog/test/support/catalog.ts'
import { type ContainerServer, startServer } from './support/server.ts'

const SIZE = { venues: 5, concerts: 100 }
const PORT = 6379
const COMMAND = ['valkey-server', '--save', '', '--appendonly', 'no', '--protected-mode', 'no']

const started = new AsyncDisposableStack()
let server: ContainerServer
let database: CatalogDatabase
let store: SharedStore
let one: Replica
let two: Replica

beforeAll(async () => {
  server = started.use(
    await startServer({
      image: 'valkey',
      ports: [PORT],
      user: '999:999',
      command: COMMAND,
      up: Wait.forLogMessage(/Ready to accept connections/),
    }),
  )
  database = started.use(await startCatalogDatabase(SIZE))
  const cacheUrl = `redis://${server.address(PORT)}`
  store = started.adopt(connectSharedStore(cacheUrl, testTelemetry().logger), (opened) => opened.close())
  one = started.use(await startReplica(database.serviceUrl, { cacheUrl }))
  two = started.use(await startReplica(database.serviceUrl, { cacheUrl }))
  await untilConnected()
})
afterAll(() => started.disposeAsync())

/** A concert that no test before has asked for. */
let id: string
let next = 0
beforeEach(() => {
  id = nextConcert()
})

const nextConcert = () => makeConcert(next++, SIZE.venues).id
const key = () => `catalog:1:concerts:${id}`
const concertAt = (replica: Replica) => fetchJson<Concert>(`${replica.url}/concerts/${id}`)
const titleAt = async (replica: Replica) => (await concertAt(replica)).body.title

const lookups = (replica: Replica, result: string) =>
  replica.telemetry.value('cache_requests_total', {
    cache_name: 'concerts',
    cache_level: 'shared',
    cache_result: result,
  })

/** Until each replica finds in the store what the other has put there, for which both have to be connected. */
async function untilConnected(): Promise<void> {
  for (const [from, to] of [
    [one, two],
    [two, one],
  ] as const) {
    await vi.waitFor(
      async () => {
        id = nextConcert()
        await concertAt(from)
        await vi.waitFor(async () => expect(await store.get(key())).toContain(id), { timeout: 300 })
        const hits = await lookups(to, 'hit')
        await concertAt(to)
        expect(await lookups(to, 'hit')).toBe(hits + 1)
      },
      { timeout: 15_000, interval: 100 },
    )
  }
}

describe('the shared cache of the catalog', () => {
  test('gives one replica what the other has loaded, without the database', async () => {
    await concertAt(one)
    await expect.poll(() => store.get(key())).toContain(id)
    const [statements, hits] = [two.statements.length, await lookups(two, 'hit')]
    expect((await concertAt(two)).body).toMatchObject({ id })
    expect(two.statements.length).toBe(statements)
    expect(await lookups(two, 'hit')).toBe(hits + 1)
  })

  test('is invalidated with both replicas by a change in one', async () => {
    await concertAt(one)
    await expect.poll(() => store.get(key())).toContain(id)
    await concertAt(two)
    await fetchJson(`${one.url}/concerts/${id}`, {
      method: 'PATCH',
      body: JSON.stringify({ title: 'Changed in one' }),
      headers: {
        'content-type': 'application/json',
        'if-match': '*',
        authorization: `Bearer ${await one.users.token(undefined, { scope: 'concerts:write' })}`,
      },
    })
    await expect.poll(() => titleAt(one), { timeout: 2_000 }).toBe('Changed in one')
    await expect.poll(() => titleAt(two), { timeout: 2_000 }).toBe('Changed in one')
    // what was there is gone, and nobody who read the past may put it back
    expect(await store.get(key())).toBe('')
  })

  test('is missed by nobody while its server is away, and is used again when it is back', async () => {
    await server.kill()
    const errors = await lookups(one, 'error')
    for (const replica of [one, two]) expect((await concertAt(replica)).body).toMatchObject({ id })
    expect(await lookups(one, 'error')).toBeGreaterThan(errors)
    await server.start()
    await untilConnected()
  })
})
