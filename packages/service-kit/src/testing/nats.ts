import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { resolveBinary } from '@faultline/toolchain'
import { execa } from 'execa'
import { vi } from 'vitest'
import { freePort } from './free-port.ts'
import { serverStarters } from './server-starters.ts'

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

const CONFIGURATION = fileURLToPath(new URL('../../../../backends/nats/nats.conf', import.meta.url))
const START_TIMEOUT_MS = 20_000

/** Starts a server with the kit's own configuration; disposing of it stops it and removes its data. */
export const startNats = (): Promise<TestNats> => (serverStarters.nats ?? startProcess)()

/** The kit's own binary, which is built once a machine when it is not there. */
async function startProcess(): Promise<TestNats> {
  const { path } = await resolveBinary('nats')
  const folder = await mkdtemp(join(tmpdir(), 'faultline-nats-'))
  const [port, monitorPort] = [await freePort(), await freePort()]
  const monitorUrl = `http://127.0.0.1:${monitorPort}`
  let stop: ((signal: NodeJS.Signals) => Promise<void>) | undefined

  async function start(): Promise<void> {
    const child = execa(path, ['--config', CONFIGURATION], {
      env: {
        NATS_LISTEN: `127.0.0.1:${port}`,
        NATS_MONITOR_LISTEN: `127.0.0.1:${monitorPort}`,
        NATS_DATA_DIR: folder,
      },
      reject: false,
      all: true,
      stdin: 'ignore',
    })
    stop = async (signal) => {
      child.kill(signal)
      await child
    }
    const gone = child.then((result): never => {
      throw new Error(`nats-server ended before it was ready:\n${result.all}`)
    })
    const ready = vi.waitFor(
      async () => {
        const { ok, status } = await fetch(`${monitorUrl}/healthz`)
        if (!ok) throw new Error(`/healthz answered ${status}`)
      },
      { timeout: START_TIMEOUT_MS, interval: 20 },
    )
    try {
      await Promise.race([ready, gone])
    } finally {
      // Whichever lost the race may still fail, which says nothing any more.
      ready.catch(() => undefined)
      gone.catch(() => undefined)
    }
  }

  const dispose = async (): Promise<void> => {
    await stop?.('SIGKILL')
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
    kill: async () => stop?.('SIGKILL'),
    [Symbol.asyncDispose]: dispose,
  }
}
