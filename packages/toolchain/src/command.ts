import { once } from 'node:events'
import { createWriteStream, type WriteStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { finished } from 'node:stream/promises'
import { execa } from 'execa'

/** What a build printed: in a file for people, and in memory for the error that a failure ends in. */
export class BuildLog implements AsyncDisposable {
  readonly path: string
  readonly lines: string[] = []
  readonly #file: WriteStream

  /** Empties the file. */
  constructor(path: string) {
    this.path = path
    this.#file = createWriteStream(path)
    // On a full disk go's own error says so; the log is not what should end the build.
    this.#file.on('error', () => {})
  }

  write(line: string): void {
    this.lines.push(line)
    this.#file.write(`${line}\n`)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#file.end()
    await finished(this.#file).catch(() => {})
  }
}

interface CommandOptions {
  readonly cwd: string
  readonly env: NodeJS.ProcessEnv
  /** Gets the command line and what the command prints. */
  readonly log: BuildLog
  /** Called for every line; those it answers `false` to stay out of the log. */
  readonly onLine: (line: string) => boolean
  readonly signal: AbortSignal | undefined
}

/** A command of a build ended with an error; its output is in the log. */
export class CommandFailedError extends Error {
  override readonly name = 'CommandFailedError'
}

/**
 * Runs one command of a build to its end.
 *
 * The command leads a process group of its own, so that an abort reaches the compilers that go
 * started. The group is killed outright: Go's caches stand that, as their entries are checked by
 * hash. Output goes through a pipe held by this process, not straight into a file: should this
 * process be killed, the command ends with a broken pipe at its next line instead of compiling on.
 *
 * @throws CommandFailedError when it exits with an error
 * @throws the signal's reason when aborted
 */
export async function runCommand(
  file: string,
  args: readonly string[],
  options: CommandOptions,
): Promise<void> {
  const { signal, log } = options
  signal?.throwIfAborted()
  log.write(`$ ${[file, ...args].join(' ')}`)
  const child = execa(file, args, {
    all: true,
    buffer: false,
    cwd: options.cwd,
    detached: true,
    env: options.env,
    extendEnv: false,
    reject: false,
    stdin: 'ignore',
  })
  const lines = createInterface({ input: child.all })
  lines.on('line', (line) => {
    if (options.onLine(line)) log.write(line)
  })
  const allRead = once(lines, 'close')
  const kill = (): void => killGroup(child.pid)
  signal?.addEventListener('abort', kill, { once: true })
  try {
    const result = await child
    await allRead
    signal?.throwIfAborted()
    if (result.failed) throw new CommandFailedError(result.shortMessage)
  } finally {
    signal?.removeEventListener('abort', kill)
  }
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // It ended by itself in the meantime.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
