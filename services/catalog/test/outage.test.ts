import type { Problem } from '@faultline/contracts'
import { DEADLINE_HEADER } from '@faultline/service-kit'
import { fetchJson } from '@faultline/test-support/http'
import { type ServiceProcess, startServiceProcess } from '@faultline/test-support/service-process'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { makeConcert } from '../src/seed-rows.ts'
import { type CatalogDatabase, startCatalogDatabase, startReplica } from './support/catalog.ts'

const SIZE = { venues: 5, concerts: 20 }
const ENTRY = new URL('../src/main.ts', import.meta.url)

let database: CatalogDatabase

beforeAll(async () => {
  database = await startCatalogDatabase(SIZE)
})
afterAll(() => database?.[Symbol.asyncDispose]())

const startCatalog = (waitFor: '/readyz' | '/livez' = '/readyz') =>
  startServiceProcess({
    entry: ENTRY,
    env: {
      DATABASE_URL: database.serviceUrl,
      NATS_URL: 'nats://127.0.0.1:1',
      GATEWAY_JWKS_URL: 'http://127.0.0.1:1/.well-known/jwks.json',
    },
    waitFor,
  })

const readyz = async (service: ServiceProcess) => (await fetch(`${service.adminUrl}/readyz`)).status

/** Holds a lock that every statement on concerts waits for, until disposed of. */
async function lockConcerts(): Promise<AsyncDisposable> {
  const client = new pg.Client({ connectionString: database.ownerUrl })
  await client.connect()
  await client.query('BEGIN; LOCK TABLE catalog.concerts IN ACCESS EXCLUSIVE MODE')
  return {
    async [Symbol.asyncDispose]() {
      await client.end()
    },
  }
}

/** Statements of replicas that wait for a lock at the moment. */
async function statementsWaitingForLock(): Promise<number> {
  const waiting = await database.asOwner(
    `SELECT 1 FROM pg_stat_activity WHERE application_name = 'catalog' AND wait_event_type = 'Lock'`,
  )
  return waiting.length
}

/** Takes the database away; it is back when told so, at the latest when disposed of. */
async function takeDatabaseAway(): Promise<AsyncDisposable & { bringBack(): Promise<void> }> {
  await database.postgres.stop()
  let away = true
  async function bringBack() {
    if (away) await database.postgres.start()
    away = false
  }
  return { bringBack, [Symbol.asyncDispose]: bringBack }
}

describe('the catalog as a process', () => {
  it('starts without its database, says so, and comes up by itself when it is back', async () => {
    await using outage = await takeDatabaseAway()
    await using service = await startCatalog('/livez')
    expect(await readyz(service)).toBe(503)
    const { status, body, headers } = await fetchJson<Problem>(`${service.url}/concerts`)
    expect(status).toBe(503)
    expect(headers.get('retry-after')).toBe('1')
    expect(body).toMatchObject({ dependency: 'postgresql', cause: 'connection_failed' })
    expect(JSON.stringify(body)).not.toMatch(/127\.0\.0\.1|ECONNREFUSED/)

    await outage.bringBack()
    await expect.poll(() => readyz(service), { timeout: 10_000 }).toBe(200)
    expect((await fetchJson(`${service.url}/concerts`)).status).toBe(200)
  })

  it('survives a restart of its database', async () => {
    await using service = await startCatalog()
    expect((await fetchJson(`${service.url}/concerts`)).status).toBe(200)
    await using outage = await takeDatabaseAway()
    await expect.poll(() => readyz(service), { timeout: 10_000 }).toBe(503)
    await outage.bringBack()
    await expect.poll(() => readyz(service), { timeout: 10_000 }).toBe(200)
    await expect
      .poll(async () => (await fetchJson(`${service.url}/concerts`)).status, { timeout: 5_000 })
      .toBe(200)
  })

  it('answers what is under way on SIGTERM, and exits with 0', async () => {
    await using service = await startCatalog()
    const lock = await lockConcerts()
    const answer = fetchJson(`${service.url}/concerts?limit=1`)
    await expect.poll(statementsWaitingForLock).toBe(1)
    service.kill('SIGTERM')
    await expect.poll(() => readyz(service)).toBe(503)
    await lock[Symbol.asyncDispose]()
    expect((await answer).status).toBe(200)
    expect(await service.ended).toMatchObject({ exitCode: 0 })
  })

  it('refuses to start with a wrong environment: one line each, exit code 3, no stack', async () => {
    const env = { DATABASE_URL: 'mysql://root:hunter2@x', DATABASE_POOL_MAX: 'many' }
    const error = await startServiceProcess({ entry: ENTRY, env }).then(
      () => undefined,
      (reason: Error) => reason,
    )
    expect(error?.message).toContain('exit code 3')
    expect(error?.message).toMatch(/DATABASE_URL: is not a PostgreSQL URL.*\n.*DATABASE_POOL_MAX: is not/)
    expect(error?.message).not.toMatch(/\n\s+at |hunter2/)
  })
})

describe('a replica whose database is slow', () => {
  it('gives a statement up after its limit, with 504', async () => {
    await using replica = await startReplica(database.serviceUrl, { statementTimeoutMs: 100 })
    await using _lock = await lockConcerts()
    const { status, body } = await fetchJson<Problem>(`${replica.url}/concerts`)
    expect(status).toBe(504)
    expect(body).toMatchObject({ dependency: 'postgresql', cause: 'timeout' })
    // It is the server that gave up: nothing of it still runs there.
    expect(await statementsWaitingForLock()).toBe(0)
  })

  it('does not wait longer than its caller does', async () => {
    await using replica = await startReplica(database.serviceUrl)
    await using _lock = await lockConcerts()
    const startedAt = performance.now()
    const cached = fetchJson<Problem>(`${replica.url}/concerts/${makeConcert(0, SIZE.venues).id}`, {
      headers: { [DEADLINE_HEADER]: '150' },
    })
    const searched = fetchJson<Problem>(`${replica.url}/concerts`, { headers: { [DEADLINE_HEADER]: '150' } })
    expect((await Promise.all([cached, searched])).map(({ status }) => status)).toEqual([504, 504])
    expect(performance.now() - startedAt).toBeLessThan(1_000)
  })

  it('keeps its connections within the limit and says that they are taken', async () => {
    await using replica = await startReplica(database.serviceUrl, {
      maxConnections: 2,
      acquireTimeoutMs: 500,
    })
    await using _lock = await lockConcerts()
    const answers = await Promise.all(
      Array.from({ length: 4 }, () => fetchJson<Problem>(`${replica.url}/concerts`)),
    )
    const causes = answers.map(({ body }) => body.cause).sort()
    expect(causes).toEqual(['bulkhead_full', 'bulkhead_full', 'timeout', 'timeout'])
  })
})
