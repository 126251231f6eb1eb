import { execa } from 'execa'
import { vi } from 'vitest'

/** A program that a test has started. */
export interface Program extends AsyncDisposable {
  /** What it has written so far. */
  readonly log: string
  /** Sends it `signal` and waits until it is gone. */
  end(signal: NodeJS.Signals): Promise<void>
}

export interface ProgramOptions {
  readonly cwd: string
  readonly env?: Readonly<Record<string, string>>
  /** Rejects as long as the program is not ready. */
  readonly ready: () => Promise<void>
}

/**
 * Starts a program and waits until it is ready, for at most 60 s.
 *
 * @throws Error with all that it wrote, when it ends before it is ready
 */
export async function startProgram(
  path: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<Program> {
  let log = ''
  const child = execa(path, args, {
    cwd: options.cwd,
    env: { ...options.env },
    reject: false,
    all: true,
    buffer: false,
  })
  child.all.setEncoding('utf8').on('data', (text: string) => {
    log += text
  })
  const program: Program = {
    get log() {
      return log
    },
    async end(signal) {
      child.kill(signal)
      await child
    },
    async [Symbol.asyncDispose]() {
      await program.end('SIGKILL')
    },
  }
  try {
    await Promise.race([
      child.then(({ exitCode }) => {
        throw new Error(`${path} ended with ${exitCode} before it was ready:\n${log}`)
      }),
      vi.waitFor(options.ready, { timeout: 60_000, interval: 100 }),
    ])
  } catch (error) {
    await program.end('SIGKILL')
    throw error
  }
  return program
}
