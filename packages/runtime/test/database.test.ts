import { randomInt } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { reapedFolder } from '@faultline/test-support/reaped-folder'
import pg from 'pg'
import { request } from 'undici'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { down } from '../src/down.ts'
import { HIGHEST_DEFAULT_PORT, SERVICES } from '../src/generated/topology.ts'
import { type Launched, launch } from '../src/launch.ts'
import { externalDataFolder } from '../src/processes/postgres-place.ts'
import { stateLayout } from '../src/state/layout.ts'
import { untilState } from './harness.ts'

const ENTRY = join(import.meta.dirname, 'fixtures/database-supervisor.ts')
/** So high that all ports are below those which the system gives to outgoing connections (Linux: from 32768). */
const MAX_OFFSET = 32_767 - HIGHEST_DEFAULT_PORT
const portOffset = randomInt(8_000, MAX_OFFSET)

let stateDir = ''
let launched: Launched

const start = (): Promise<Launched> => launch({ stateDir, entry: ENTRY, portOffset, attached: true })

/** Runs a statement in a database of the server. */
async function query(text: string): Promise<readonly unknown[]> {
  const url = new URL('/postgres', launched.runtime.endpoints('postgres').postgres)
  const client = new pg.Client({ connectionString: url.href })
  await client.connect()
  try {
    return (await client.query(text)).rows
  } finally {
    await client.end()
  }
}

// it is a folder that only its owner may enter: as root, the account postgres may not
beforeAll(async () => {
  stateDir = await reapedFolder('database-')
  launched = await start()
  await untilState(launched, 'postgres', 'ready')
  await query('CREATE TABLE kept (word text)')
  await query("INSERT INTO kept VALUES ('precious')")
})

afterAll(async () => {
  await launched?.runtime[Symbol.asyncDispose]()
  await down(stateDir, { volumes: true })
  await rm(stateDir, { recursive: true, force: true })
})

test('PostgreSQL listens on loopback only, with the settings of the kit', async () => {
  const settings = await query(
    "SELECT name, setting FROM pg_settings WHERE name IN ('listen_addresses', 'unix_socket_directories', 'idle_in_transaction_session_timeout') ORDER BY name",
  )
  expect(settings).toEqual([
    { name: 'idle_in_transaction_session_timeout', setting: '30000' },
    { name: 'listen_addresses', setting: '127.0.0.1' },
    { name: 'unix_socket_directories', setting: '' },
  ])
})

test('after SIGKILL PostgreSQL recovers with its data', async () => {
  await launched.runtime.signal('postgres', 'SIGKILL')
  await untilState(launched, 'postgres', 'ready', ({ restarts }) => expect(restarts).toBeGreaterThan(0))
  expect(await query('SELECT * FROM kept')).toEqual([{ word: 'precious' }])
})

test('a stale postmaster.pid of a killed run does not keep PostgreSQL from starting', async () => {
  await launched.runtime.stop('postgres')
  const external = externalDataFolder(stateLayout(stateDir))
  const data = existsSync(external) ? join(external, 'postgres') : join(stateDir, 'data/postgres')
  // pid 1 runs always, and is never a PostgreSQL of ours
  const port = SERVICES.postgres.postgres + portOffset
  await writeFile(join(data, 'postmaster.pid'), `1\n${data}\n1\n${port}\n\n127.0.0.1\n\nready\n`)
  await launched.runtime.start('postgres')
  expect(await query('SELECT * FROM kept')).toEqual([{ word: 'precious' }])
})

test('the kit starts again on the data of an earlier run', async () => {
  await launched.runtime[Symbol.asyncDispose]()
  await down(stateDir)
  launched = await start()
  await untilState(launched, 'postgres', 'ready')
  expect(await query('SELECT * FROM kept')).toEqual([{ word: 'precious' }])
})

test('Toxiproxy has every proxy of the list, again after a restart, without the toxics of before', async () => {
  await untilState(launched, 'toxiproxy', 'ready')
  const { toxiproxy } = launched.runtime.endpoints('toxiproxy')
  const proxies = async (): Promise<Record<string, { listen: string; toxics: unknown[] }>> =>
    (await (await request(`${toxiproxy}/proxies`)).body.json()) as never
  const list = readFileSync(join(import.meta.dirname, '../../../backends/toxiproxy/proxies.json'), 'utf8')
  const names = (JSON.parse(list) as { name: string }[]).map(({ name }) => name)
  expect(Object.keys(await proxies()).sort()).toEqual(names.sort())

  const body = JSON.stringify({ name: 'slow', type: 'latency', attributes: { latency: 100 } })
  const answer = await request(`${toxiproxy}/proxies/postgres/toxics`, { method: 'POST', body })
  expect(answer.statusCode).toBe(200)
  await launched.runtime.restart('toxiproxy')
  const after = await proxies()
  expect(Object.keys(after).sort()).toEqual(names.sort())
  expect(after.postgres).toMatchObject({
    listen: `127.0.0.1:${SERVICES.toxiproxy.postgres + portOffset}`,
    toxics: [],
  })
})
