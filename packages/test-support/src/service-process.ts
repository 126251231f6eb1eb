import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { vi } from 'vitest'
import { z } from 'zod'
import { freePort } from './ports.ts'

/** A service that runs as a process of its own, as it does outside of tests. */
export interface ServiceProcess extends AsyncDisposable {
  readonly url: string
  readonly adminUrl: string
  readonly pid: number
  /** Everything it has written so far. */
  output(): string
  /** Lines of its log that are JSON. */
  logLines(): Record<string, unknown>[]
  kill(signal: NodeJS.Signals): void
  /** Exit code or signal, once it has ended. */
  readonly ended: Promise<{ exitCode: number | undefined; signal: string | undefined }>
}

export interface ServiceProcessOptions {
  entry: URL
  /** What is loaded before the entry, by `--import`. */
  preload?: URL
  env: Readonly<Record<string, string>>
  /** Fixed ports, to start a service again where it was; free ones otherwise. */
  port?: number
  /** Path of the admin listener that must answer 200 before the process counts as started. */
  waitFor?: '/readyz' | '/livez'
}

/** No telemetry leaves a test; logs still go to standard output. */
const QUIET = {
  OTEL_TRACES_EXPORTER: 'none',
  OTEL_LOGS_EXPORTER: 'none',
  FAULTLINE_PROFILES_EXPORTER: 'none',
}

const START_TIMEOUT_MS = 20_000

/** Starts a service and waits until it answers; disposing of it ends it. */
export async function startServiceProcess(options: ServiceProcessOptions): Promise<ServiceProcess> {
  const port = options.port ?? (await freePort())
  const adminPort = await freePort()
  const preload = options.preload ? ['--import', options.preload.href] : []
  const child = execa(process.execPath, [...preload, fileURLToPath(options.entry)], {
    env: { ...QUIET, HOST: '127.0.0.1', ...options.env, PORT: String(port), ADMIN_PORT: String(adminPort) },
    reject: false,
    all: true,
    buffer: false,
    stdin: 'ignore',
  })
  let output = ''
  child.all.on('data', (chunk: Buffer) => {
    output += chunk.toString()
  })
  const service: ServiceProcess = {
    url: `http://127.0.0.1:${port}`,
    adminUrl: `http://127.0.0.1:${adminPort}`,
    pid: child.pid ?? 0,
    output: () => output,
    logLines: () => output.split('\n').flatMap(parseLine),
    kill: (signal) => void child.kill(signal),
    ended: child.then(({ exitCode, signal }) => ({ exitCode, signal })),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await child
    },
  }
  const probe = options.waitFor ?? '/readyz'
  const answering = vi.waitFor(
    async () => {
      const answer = await fetch(`${service.adminUrl}${probe}`)
      if (!answer.ok) throw new Error(`${probe} answered ${answer.status}`)
    },
    { timeout: START_TIMEOUT_MS, interval: 50 },
  )
  const gone = child.then(({ exitCode, signal }) => {
    throw new Error(`it ended with ${signal ?? `exit code ${exitCode}`}`)
  })
  try {
    await Promise.race([answering, gone])
  } catch (error) {
    await service[Symbol.asyncDispose]()
    const cause = error instanceof Error ? error.message : String(error)
    throw new Error(`${fileURLToPath(options.entry)} did not start: ${cause}\n${output}`, { cause: error })
  } finally {
    // Whichever lost the race may still fail, which says nothing any more.
    answering.catch(() => undefined)
    gone.catch(() => undefined)
  }
  return service
}

function parseLine(line: string): Record<string, unknown>[] {
  try {
    const parsed = z.record(z.string(), z.unknown()).safeParse(JSON.parse(line))
    return parsed.success ? [parsed.data] : []
  } catch {
    return []
  }
}
