import { execa } from 'execa'
import { vi } from 'vitest'

/** A program that a test has started. */
export interface Program extends AsyncDisposable {
  readonly pid: number
  /** What it has written so far. */
  readonly log: string
  /** Exit code or signal, once it has ended. */
  readonly ended: Promise<{ exitCode: number | undefined; signal: string | undefined }>
  kill(signal: NodeJS.Signals): void
  /** Sends it `signal` and waits until it is gone. */
  end(signal: NodeJS.Signals): Promise<void>
}

export interface ProgramOptions {
  readonly cwd?: string
  /** Added to the variables of this process. */
  readonly env?: Readonly<Record<string, string>>
  /** Rejects as long as the program is not ready. */
  readonly ready: () => Promise<unknown>
}

/**
 * Starts a program and waits until it is ready, for at most 60 s; disposing of it kills it.
 *
 * @throws Error with all that it wrote, when it ends or the time is over before it is ready
 */
export async function startProgram(
  path: string,
  args: readonly string[],
  { ready, ...options }: ProgramOptions,
): Promise<Program> {
  let log = ''
  const child = execa(path, args, {
    ...options,
    reject: false,
    all: true,
    buffer: false,
    stdin: 'ignore',
  })
  child.all.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal)
    await child
  }
  const ended = child.then(({ exitCode, signal }) => ({ exitCode, signal }))
  try {
    await Promise.race([
      ended.then(({ exitCode, signal }) => {
        throw new Error(`it ended with ${signal ?? `exit code ${exitCode}`}`)
      }),
      vi.waitFor(ready, { timeout: 60_000, interval: 50 }),
    ])
  } catch (error) {
    await end('SIGKILL')
    const cause = error instanceof Error ? error.message : String(error)
    throw new Error(`${[path, ...args].join(' ')} did not start: ${cause}\n${log}`, { cause: error })
  }
  return {
    pid: child.pid ?? 0,
    get log() {
      return log
    },
    ended,
    kill: (signal) => void child.kill(signal),
    end,
    [Symbol.asyncDispose]: () => end('SIGKILL'),
  }
}
