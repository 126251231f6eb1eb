import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { freePort } from './ports.ts'
import { startProgram } from './program.ts'

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

/** Starts a service and waits until it answers; disposing of it ends it. */
export async function startServiceProcess(options: ServiceProcessOptions): Promise<ServiceProcess> {
  const port = options.port ?? (await freePort())
  const adminPort = await freePort()
  const [url, adminUrl] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${adminPort}`]
  const probe = options.waitFor ?? '/readyz'
  const preload = options.preload ? ['--import', options.preload.href] : []
  const program = await startProgram(process.execPath, [...preload, fileURLToPath(options.entry)], {
    env: { ...QUIET, HOST: '127.0.0.1', ...options.env, PORT: String(port), ADMIN_PORT: String(adminPort) },
    async ready() {
      const answer = await fetch(`${adminUrl}${probe}`)
      if (!answer.ok) throw new Error(`${probe} answered ${answer.status}`)
    },
  })
  return {
    url,
    adminUrl,
    pid: program.pid,
    output: () => program.log,
    logLines: () => program.log.split('\n').flatMap(parseLine),
    kill: program.kill,
    ended: program.ended,
    [Symbol.asyncDispose]: () => program.end('SIGKILL'),
  }
}

function parseLine(line: string): Record<string, unknown>[] {
  try {
    const parsed = z.record(z.string(), z.unknown()).safeParse(JSON.parse(line))
    return parsed.success ? [parsed.data] : []
  } catch {
    return []
  }
}
