import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { REPOSITORY_ROOT } from '@faultline/runtime'
import { execa, execaSync } from 'execa'
import { request } from 'undici'
import type { Variant } from './variants.ts'

const STOCK = join(REPOSITORY_ROOT, 'bench', 'stock')
const START_DEADLINE_MS = 60_000
/** How exactly a start is timed. */
const READY_POLL_MS = 5

/** The measured process has a core to itself; all others share the second. */
export const MEASURED_CORE = 0
export const OTHER_CORE = 1

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

export interface Gateway extends AsyncDisposable {
  readonly pid: number
  readonly url: string
  /** Milliseconds from spawning the process to its first answer that it is ready. */
  readonly startMs: number
}

/** What a gateway calls: base URLs, and its database. */
export interface Addresses {
  readonly catalog: string
  readonly sink: string
  readonly database: string
}

/** Starts a program of this folder and waits until it listens. */
export async function startHelper(
  program: 'stub-catalog.ts' | 'sink.ts',
  port: number,
): Promise<AsyncDisposable> {
  const child = new Child(OTHER_CORE, [join(import.meta.dirname, program)], { PORT: String(port) })
  await untilAnswered(`http://127.0.0.1:${port}/`, child)
  return child
}

/** Starts the gateway under one way of instrumenting it. */
export async function startGateway(variant: Variant, addresses: Addresses): Promise<Gateway> {
  const [port, adminPort, stockMetricsPort, nobody] = await Promise.all([
    freePort(),
    freePort(),
    freePort(),
    freePort(),
  ])
  const sink = sinkOf(variant, addresses)
  const spawned = performance.now()
  const child = new Child(
    MEASURED_CORE,
    [
      ...(variant.preload ? ['--import', variant.preload] : []),
      join(REPOSITORY_ROOT, 'services', 'gateway', 'src', 'main.ts'),
    ],
    {
      PORT: String(port),
      ADMIN_PORT: String(adminPort),
      CATALOG_URL: addresses.catalog,
      DATABASE_URL: addresses.database,
      // The measured route needs none of these; the gateway serves without.
      BOOKING_URL: `http://127.0.0.1:${nobody}`,
      TICKETING_URL: `http://127.0.0.1:${nobody}`,
      NATS_URL: `nats://127.0.0.1:${nobody}`,
      // All requests come from one address, as fast as it can answer.
      RATE_LIMIT_ADDRESS_PER_SECOND: '1000000',
      RATE_LIMIT_ADDRESS_BURST: '1000000',
      OTEL_SERVICE_NAME: 'gateway',
      OTEL_EXPORTER_OTLP_ENDPOINT: sink,
      PYROSCOPE_URL: sink,
      STOCK_METRICS_PORT: String(stockMetricsPort),
      ...variant.env,
    },
  )
  const url = `http://127.0.0.1:${port}/v1/concerts`
  try {
    await untilAnswered(`http://127.0.0.1:${adminPort}/readyz`, child)
    const startMs = performance.now() - spawned
    await untilAnswered(url, child)
    return { pid: child.pid, url, startMs, [Symbol.asyncDispose]: () => child[Symbol.asyncDispose]() }
  } catch (error) {
    await child[Symbol.asyncDispose]()
    throw error
  }
}

/** Each variant sends to a path of its own, so that the sink can tell what came from which. */
export function sinkOf(variant: Variant, { sink }: Pick<Addresses, 'sink'>): string {
  return `${sink}/${encodeURIComponent(variant.name)}`
}

/** Brings the stock set-up's packages, which the kit itself does not need. */
export async function installStock(): Promise<void> {
  console.log('installing the stock set-up to compare with (bench/stock) …')
  await execa('npm', ['ci', '--no-audit', '--no-fund'], { cwd: STOCK, stdout: 'ignore', stderr: 'inherit' })
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('no TCP port')
  return address.port
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
