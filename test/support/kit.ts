import { rm } from 'node:fs/promises'
import { connectRuntime, REPOSITORY_ROOT, type Runtime } from '@faultline/runtime'
import { reapedFolder } from '@faultline/test-support/reaped-folder'
import type { VerifyReport } from '@faultline/verify'
import { execa } from 'execa'

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
