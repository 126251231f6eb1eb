import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { execa } from 'execa'
import { z } from 'zod'

const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url))
const START_TIMEOUT_MS = 60_000

const readyLine = z.object({
  msg: z.literal('embedded store is ready'),
  urls: z.object({ tempo: z.string(), otlp: z.string(), pyroscope: z.string() }).partial(),
})

/** Environment with free ports of the system's choice and a data folder. */
export function storeEnvironment(dataDirectory: string): Record<string, string> {
  return {
    EMBEDDED_STORE_TEMPO_PORT: '0',
    EMBEDDED_STORE_OTLP_PORT: '0',
    EMBEDDED_STORE_PYROSCOPE_PORT: '0',
    EMBEDDED_STORE_DATA_DIR: dataDirectory,
    // As the stack starts it.
    NODE_OPTIONS: '--max-semi-space-size=8',
  }
}

/** A data folder that is removed at the end. */
export async function temporaryFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'embedded-store-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

export interface StoreProcess extends AsyncDisposable {
  readonly tempo: string
  readonly otlp: string
  readonly pyroscope: string
  readonly pid: number
  /** Log lines so far. */
  log(): string
  /** Ends it with SIGKILL; resolves when it is gone. */
  kill(): Promise<void>
  /** Ends it with SIGTERM; resolves with the exit code. */
  terminate(): Promise<number | undefined>
}

/** Starts the real process, in front of it an optional command such as `prlimit`, and waits until it is ready. */
export async function startStoreProcess(
  environment: Readonly<Record<string, string>>,
  wrapper: readonly string[] = [],
): Promise<StoreProcess> {
  const [command = process.execPath, ...args] = [...wrapper, process.execPath, MAIN]
  const child = execa(command, args, {
    env: environment,
    extendEnv: false,
    reject: false,
    all: true,
    buffer: false,
    forceKillAfterDelay: false,
  })
  let log = ''
  const { promise, resolve, reject } = Promise.withResolvers<z.infer<typeof readyLine>['urls']>()
  const timer = setTimeout(() => reject(new Error(`not ready in time:\n${log}`)), START_TIMEOUT_MS)
  void readLines()
  async function readLines(): Promise<void> {
    for await (const line of child.iterable({ from: 'all', preserveNewlines: false })) {
      log += `${line}\n`
      const parsed = line.startsWith('{') ? readyLine.safeParse(JSON.parse(line)) : undefined
      if (parsed?.success) resolve(parsed.data.urls)
    }
    reject(new Error(`ended before it was ready:\n${log}`))
  }
  const end = async (signal: NodeJS.Signals): Promise<number | undefined> => {
    child.kill(signal)
    return (await child).exitCode
  }
  try {
    const { tempo = '', otlp = '', pyroscope = '' } = await promise
    return {
      tempo,
      otlp,
      pyroscope,
      pid: child.pid ?? 0,
      log: () => log,
      kill: async () => void (await end('SIGKILL')),
      terminate: () => end('SIGTERM'),
      [Symbol.asyncDispose]: async () => void (await end('SIGKILL')),
    }
  } catch (error) {
    await end('SIGKILL')
    throw error
  } finally {
    clearTimeout(timer)
  }
}

/** Runs the process to its end, for starts that must fail. */
export async function runStoreToEnd(
  environment: Readonly<Record<string, string>>,
): Promise<{ exitCode: number | undefined; output: string }> {
  const { exitCode, all } = await execa(process.execPath, [MAIN], {
    env: environment,
    extendEnv: false,
    reject: false,
    all: true,
    timeout: START_TIMEOUT_MS,
  })
  return { exitCode, output: all }
}
