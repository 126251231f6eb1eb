import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '@faultline/test-support/ports'
import { startPostgres, type TestPostgres } from '@faultline/test-support/servers'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { connectOwner, EnvironmentError, migrate } from '../src/index.ts'

let postgres: TestPostgres
let folder: string
/** Nobody listens there. */
let closed: number

beforeAll(async () => {
  postgres = await startPostgres()
  closed = await freePort()
  folder = await mkdtemp(join(tmpdir(), 'faultline-migrations-'))
  await writeFile(join(folder, '1_table.sql'), 'CREATE TABLE things (id int); SELECT pg_sleep(0.2);\n')
})

afterAll(async () => {
  await postgres?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true, force: true })
})

it('lets services migrate side by side, in a database that none of them has found there', async () => {
  const url = postgres.ownerUrl('made_by_whoever_is_first')
  const silent = { info() {}, debug() {}, warn() {}, error() {} }
  const schemas = ['one', 'two', 'three', 'four']
  const clients = await Promise.all(schemas.map(() => connectOwner(url)))
  try {
    await Promise.all(
      clients.map((client, index) =>
        migrate({
          client,
          service: schemas[index] ?? '',
          password: 'secret',
          directory: folder,
          logger: silent,
        }),
      ),
    )
    const { rows } = await (clients[0] as (typeof clients)[number]).query(
      "SELECT table_schema FROM information_schema.tables WHERE table_name = 'things' ORDER BY 1",
    )
    expect(rows.map(({ table_schema }) => table_schema)).toEqual([...schemas].sort())
  } finally {
    await Promise.all(clients.map((client) => client.end()))
  }
})

it('waits for a server that is not there yet', async () => {
  await postgres.stop()
  const connecting = connectOwner(postgres.ownerUrl('postgres'))
  await Promise.all([postgres.start(), connecting.then((client) => client.end())])
})

it.each([
  ['is away for too long', () => `postgres://postgres:postgres@127.0.0.1:${closed}/postgres`, /ECONNREFUSED/],
  [
    'refuses the login',
    () => postgres.roleUrl('postgres', 'wrong', 'postgres'),
    /password authentication failed/,
  ],
])('says so where the server %s', async (_what, url, cause) => {
  const failure = connectOwner(url(), 300)
  await expect(failure).rejects.toThrow(EnvironmentError)
  await expect(failure).rejects.toThrow(cause)
})
