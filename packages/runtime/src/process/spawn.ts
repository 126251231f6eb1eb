import { execa } from 'execa'
import type { Command } from '../component.ts'
import { openLog } from '../logs.ts'
import type { ProcessIdentity } from '../state/state-file.ts'
import { identify } from './identity.ts'
import { killGroupLeftBy } from './terminate.ts'

/** How a child ended: exit code or signal, as a sentence part for people. */
interface Ending {
  readonly exitCode?: number
  readonly description: string
}

export interface Child {
  readonly identity: ProcessIdentity
  /** Resolves, never rejects, when the process is gone. Its process group is gone by then, too. */
  readonly ended: Promise<Ending>
}

/**
 * Starts a child in a process group of its own with its output appended to a file.
 * @throws Error when the program cannot be started at all (not found, not executable)
 */
export async function spawnChild(command: Command, logFile: string): Promise<Child> {
  const log = await openLog(logFile)
  try {
    const subprocess = execa(command.file, command.args, {
      env: command.env,
      extendEnv: false,
      ...(command.cwd === undefined ? {} : { cwd: command.cwd }),
      ...(command.user === undefined ? {} : command.user),
      stdin: 'ignore',
      stdout: log,
      stderr: log,
      // a group of its own: Ctrl-C in the terminal reaches the CLI, which stops components in order
      detached: true,
      cleanup: false,
      reject: false,
    })
    const result = Promise.resolve(subprocess)
    const { pid } = subprocess
    if (pid === undefined)
      throw new Error(`${command.file} cannot be started: ${(await result).shortMessage}`)
    // a process that has already ended has no start time left to read
    const identity = identify(pid) ?? { pid, startTime: 'ended' }
    return { identity, ended: result.then((ending) => describe(ending, identity)) }
  } finally {
    log.close()
  }
}

function describe(
  result: { exitCode?: number | undefined; signal?: string | undefined },
  identity: ProcessIdentity,
): Ending {
  killGroupLeftBy(identity)
  if (result.exitCode !== undefined) {
    return { exitCode: result.exitCode, description: `exited with code ${result.exitCode}` }
  }
  return { description: `was killed by ${result.signal ?? 'a signal'}` }
}
