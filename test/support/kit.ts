import { rm } from 'node:fs/promises'
import { readJournal, type Verdict } from '@faultline/drill-engine'
import { connectRuntime, REPOSITORY_ROOT, type Runtime } from '@faultline/runtime'
import { reapedFolder } from '@faultline/test-support/reaped-folder'
import type { VerifyReport } from '@faultline/verify'
import { execa } from 'execa'
import { Client } from 'pg'
import { expect } from 'vitest'

/** The whole kit, started for one test file by its own command and gone when it is disposed of. */
export interface Kit extends AsyncDisposable {
  readonly runtime: Runtime
  /** Its state folder: data, logs. */
  readonly stateDir: string
  /** Runs the kit's command to its end, which may be any exit code. */
  faultline(
    args: readonly string[],
    timeoutMs?: number,
  ): PromiseLike<{ exitCode?: number; stdout: string; stderr: string; all: string }>
  /** Starts the kit again, after it was stopped or killed. Resolves with what the command printed. */
  up(): Promise<string>
  /** Runs `faultline verify --json`. */
  verify(): Promise<{ readonly exitCode: number | undefined; readonly report: VerifyReport }>
  /** Runs a load scenario in the background until the result is disposed of. */
  load(scenario: string): AsyncDisposable
}

/** Far from the default ports, so that a kit that somebody works with stays as it is. */
const PORT_OFFSET = process.env.FAULTLINE_E2E_PORT_OFFSET ?? '7000'
/** Long enough to build every binary on a fresh machine. */
const UP_TIMEOUT_MS = 45 * 60_000
/** Of a command that starts nothing and runs no load. */
const COMMAND_TIMEOUT_MS = 120_000
/** Longer than the tests take; it is ended with them. */
const LOAD_DURATION = '45m'

export interface KitOptions {
  /** Further arguments of `faultline up`. */
  readonly args?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
}

export async function startKit({ args: upArgs = [], env = {} }: KitOptions = {}): Promise<Kit> {
  const stateDir = await reapedFolder('e2e-')
  const faultline = (args: readonly string[], timeout = COMMAND_TIMEOUT_MS) =>
    execa('faultline', args, {
      preferLocal: true,
      localDir: REPOSITORY_ROOT,
      cwd: REPOSITORY_ROOT,
      env: { FAULTLINE_STATE_DIR: stateDir, ...env },
      // a start or a load ends when this process is gone
      ipc: true,
      reject: false,
      all: true,
      timeout,
    })
  const stop = async () => {
    const down = await faultline(['down', '--volumes'])
    if (down.exitCode !== 0) throw new Error(`the kit left something behind in ${stateDir}:\n${down.all}`)
    await rm(stateDir, { recursive: true, force: true })
  }
  const start = async () => {
    const { exitCode, all } = await faultline(
      ['up', '--detach', '--port-offset', PORT_OFFSET, ...upArgs],
      UP_TIMEOUT_MS,
    )
    if (exitCode !== 0) throw new Error(`the kit did not start:\n${all}`)
    return all
  }
  try {
    await start()
    const runtime = await connectRuntime(stateDir)
    return {
      runtime,
      stateDir,
      faultline,
      up: start,
      verify: async () => {
        const { exitCode, stdout, all } = await faultline(['verify', '--json'])
        return { exitCode, report: parseReport(stdout, all) }
      },
      load: (scenario) => {
        const running = faultline(['load', scenario, '--duration', LOAD_DURATION], UP_TIMEOUT_MS)
        return {
          async [Symbol.asyncDispose]() {
            running.kill('SIGTERM')
            await running
          },
        }
      },
      async [Symbol.asyncDispose]() {
        await runtime[Symbol.asyncDispose]()
        await stop()
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

function parseReport(stdout: string, all: string): VerifyReport {
  try {
    return JSON.parse(stdout) as VerifyReport
  } catch (cause) {
    throw new Error(`verify gave no report:\n${all}`, { cause })
  }
}

/** Longer than any drill takes, its wait for quiet included. */
export const DRILL_TIMEOUT_MS = 400_000
/** Until a drill has seen its baseline and put its fault in. */
const FAULT_TIMEOUT_MS = 150_000

/** Runs a drill to its verdict. */
export async function drill(
  kit: Kit,
  name: string,
  ...options: readonly string[]
): Promise<{ exitCode: number | undefined; verdict: Verdict }> {
  const { exitCode, stdout, all } = await kit.faultline(
    ['drill', name, '--json', ...options],
    DRILL_TIMEOUT_MS,
  )
  if (!stdout.startsWith('{')) throw new Error(`the drill gave no verdict:\n${all}`)
  return { exitCode, verdict: JSON.parse(stdout) as Verdict }
}

/** Whether the index is there that the drill slow-query takes away. */
export async function hasIndex({ runtime }: Pick<Kit, 'runtime'>): Promise<boolean> {
  const client = new Client({ connectionString: runtime.endpoints().postgres })
  await client.connect()
  try {
    const { rowCount } = await client.query(
      "SELECT FROM pg_indexes WHERE indexname = 'seats_concert_place_idx'",
    )
    return rowCount === 1
  } finally {
    await client.end()
  }
}

/** Runs the drill slow-query until its fault is in, and kills it there. */
export async function killInItsFault(kit: Kit): Promise<void> {
  const runner = kit.faultline(['drill', 'slow-query'], DRILL_TIMEOUT_MS)
  await expect.poll(() => hasIndex(kit), { timeout: FAULT_TIMEOUT_MS, interval: 250 }).toBe(false)
  const journal = await readJournal(kit.stateDir)
  process.kill(journal?.runner.pid ?? 0, 'SIGKILL')
  await runner
}
