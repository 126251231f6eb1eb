import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { REPOSITORY_ROOT } from '@faultline/runtime'
import { freePorts } from '@faultline/test-support/ports'
import { startPostgres } from '@faultline/test-support/servers'
import { execa, execaSync } from 'execa'
import { request } from 'undici'
import { sinkOf, type Variant } from './variants.ts'

const START_DEADLINE_MS = 60_000
/** How exactly a start is timed. */
const READY_POLL_MS = 5

/** The measured process has a core to itself; all others share the second. */
const MEASURED_CORE = 0
const OTHER_CORE = 1

const pinning = execaSync('taskset', ['--version'], { reject: false }).exitCode === 0

/** A Node process on one core (where the system can pin), ended with SIGKILL when disposed. */
class Child implements AsyncDisposable {
  readonly pid: number
  readonly #process
  #ended = false

  constructor(core: number, args: readonly string[], env: Readonly<Record<string, string>>) {
    const command = [process.execPath, ...args]
    const [file = '', ...rest] = pinning ? ['taskset', '-c', String(core), ...command] : command
    this.#process = execa(file, rest, { env, stdout: 'ignore', stderr: 'inherit', reject: false })
    if (this.#process.pid === undefined) throw new Error(`${file} did not start`)
    void this.#process.finally(() => {
      this.#ended = true
    })
    this.pid = this.#process.pid
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill('SIGKILL')
    await this.#process
  }

  get alive(): boolean {
    return !this.#ended
  }
}

export type Gateway = Awaited<ReturnType<typeof startGateway>>

/** What a gateway calls: base URLs, and its database. */
export interface Addresses {
  readonly catalog: string
  readonly sink: string
  readonly database: string
}

/** Starts what the gateway calls, and what its telemetry is sent to. */
export async function startSurroundings(stack: AsyncDisposableStack): Promise<Addresses> {
  const ports = await freePorts('catalog', 'sink')
  stack.use(await startHelper('stub-catalog.ts', ports.catalog))
  stack.use(await startHelper('sink.ts', ports.sink))
  return {
    catalog: `http://127.0.0.1:${ports.catalog}`,
    sink: `http://127.0.0.1:${ports.sink}`,
    database: await startDatabase(stack),
  }
}

/** Starts a program of this folder and waits until it listens. */
async function startHelper(program: string, port: number): Promise<AsyncDisposable> {
  const child = new Child(OTHER_CORE, [join(import.meta.dirname, program)], { PORT: String(port) })
  await untilAnswered(`http://127.0.0.1:${port}/`, child)
  return child
}

const DATABASE = 'box_office'

/**
 * Starts a PostgreSQL with the gateway's schema: it does not start without its signing keys, though the route needs
 * none.
 * @returns its URL with the gateway's own role
 */
async function startDatabase(stack: AsyncDisposableStack): Promise<string> {
  const postgres = stack.use(await startPostgres())
  const url = postgres.roleUrl('gateway_service', 'service', DATABASE)
  await execa(process.execPath, [join(REPOSITORY_ROOT, 'services', 'gateway', 'src', 'main.ts'), 'migrate'], {
    env: { DATABASE_OWNER_URL: postgres.ownerUrl(DATABASE), DATABASE_URL: url },
  })
  return url
}

/** Starts the gateway under one way of instrumenting it; `startMs` is from spawning it to its answer that it is ready. */
export async function startGateway(variant: Variant, addresses: Addresses) {
  const ports = await freePorts('gateway', 'admin', 'stockMetrics', 'nobody')
  const nobody = `127.0.0.1:${ports.nobody}`
  const sink = sinkOf(variant, addresses.sink)
  const spawned = performance.now()
  const child = new Child(
    MEASURED_CORE,
    [
      ...(variant.preload ? ['--import', variant.preload] : []),
      join(REPOSITORY_ROOT, 'services', 'gateway', 'src', 'main.ts'),
    ],
    {
      PORT: String(ports.gateway),
      ADMIN_PORT: String(ports.admin),
      CATALOG_URL: addresses.catalog,
      DATABASE_URL: addresses.database,
      // The measured route needs none of these; the gateway serves without.
      BOOKING_URL: `http://${nobody}`,
      TICKETING_URL: `http://${nobody}`,
      NATS_URL: `nats://${nobody}`,
      // All requests come from one address, as fast as it can answer.
      RATE_LIMIT_ADDRESS_PER_SECOND: '1000000',
      RATE_LIMIT_ADDRESS_BURST: '1000000',
      OTEL_SERVICE_NAME: 'gateway',
      OTEL_EXPORTER_OTLP_ENDPOINT: sink,
      PYROSCOPE_URL: sink,
      STOCK_METRICS_PORT: String(ports.stockMetrics),
      ...variant.env,
    },
  )
  const url = `http://127.0.0.1:${ports.gateway}/v1/concerts`
  try {
    await untilAnswered(`http://127.0.0.1:${ports.admin}/readyz`, child)
    const startMs = performance.now() - spawned
    await untilAnswered(url, child)
    return Object.assign(child, { url, startMs })
  } catch (error) {
    await child[Symbol.asyncDispose]()
    throw error
  }
}

async function untilAnswered(url: string, child: Child): Promise<void> {
  const deadline = Date.now() + START_DEADLINE_MS
  while (child.alive) {
    try {
      const { statusCode, body } = await request(url)
      await body.dump()
      if (statusCode < 500) return
    } catch (error) {
      if (Date.now() > deadline) throw new Error(`nothing answers at ${url}`, { cause: error })
    }
    if (Date.now() > deadline) throw new Error(`${url} does not answer with success`)
    await delay(READY_POLL_MS)
  }
  throw new Error(`what should answer at ${url} has ended; it says why above`)
}
