import { join } from 'node:path'
import { SERVICES } from '@faultline/runtime'
import type { TestPostgres } from '@faultline/test-support/servers'
import pg from 'pg'
import { Wait } from 'testcontainers'
import { vi } from 'vitest'
import { REPOSITORY } from '../../rendered.ts'
import { startServer } from './server.ts'

const PORT = SERVICES.postgres.postgres
const PASSWORD = 'postgres'
const START_TIMEOUT_MS = 30_000
const SETTINGS = '/etc/postgresql/postgresql.conf'

/** PostgreSQL in a container, started as the compose file starts it, but for what makes a test slow. */
export async function startPostgresContainer(): Promise<TestPostgres> {
  const server = await startServer({
    image: 'postgres',
    ports: [PORT],
    user: '999:999',
    // a test's data need not outlive a power cut
    command: [
      ...['postgres', '-c', `config_file=${SETTINGS}`, '-c', 'listen_addresses=*'],
      ...['-c', 'fsync=off', '-c', 'full_page_writes=off'],
    ],
    environment: {
      POSTGRES_PASSWORD: PASSWORD,
      POSTGRES_INITDB_ARGS: '--encoding=UTF8 --locale=C.UTF-8 --data-checksums --no-sync',
    },
    files: { [SETTINGS]: join(REPOSITORY, 'backends/postgresql/postgresql.conf') },
    sharedMemory: 128 * 1024 ** 2,
    up: Wait.forLogMessage(/ready to accept connections/),
  })
  const address = server.address(PORT)
  const roleUrl = (role: string, password: string, database: string) =>
    `postgres://${role}:${password}@${address}/${database}`
  const ownerUrl = (database: string) => roleUrl('postgres', PASSWORD, database)
  // The official image says that it is up a first time while it makes the cluster, out of anyone's reach.
  const answers = () => vi.waitFor(() => logIn(ownerUrl('postgres')), { timeout: START_TIMEOUT_MS })
  try {
    await answers()
  } catch (error) {
    await server[Symbol.asyncDispose]()
    throw error
  }
  return {
    port: Number(new URL(ownerUrl('postgres')).port),
    ownerUrl,
    roleUrl,
    stop: server.stop,
    async start() {
      await server.start()
      await answers()
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

async function logIn(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.end()
}
