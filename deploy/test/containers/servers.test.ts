/** Which servers the tests of services get in this project: all that they prove here hinges on it. */
import { startNats, startPostgres } from '@faultline/test-support/servers'
import pg from 'pg'
import { expect, test } from 'vitest'

test('PostgreSQL is the one of the compose file, with its configuration', async () => {
  await using postgres = await startPostgres()
  const client = new pg.Client({ connectionString: postgres.ownerUrl('postgres') })
  await client.connect()
  try {
    const { rows } = await client.query('SHOW config_file')
    expect(rows).toEqual([{ config_file: '/etc/postgresql/postgresql.conf' }])
  } finally {
    await client.end()
  }
})

test('NATS is the one of the compose file, with its configuration, and keeps its streams when it is killed', async () => {
  await using nats = await startNats()
  const storeDirectory = async () => {
    const answer = await fetch(`${nats.monitorUrl}/jsz`)
    return ((await answer.json()) as { config: { store_dir: string } }).config.store_dir
  }
  expect(await storeDirectory()).toBe('/data/jetstream')
  await nats.kill()
  await nats.start()
  expect(await storeDirectory()).toBe('/data/jetstream')
})
