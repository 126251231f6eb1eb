import { readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { execa, execaSync } from 'execa'
import type { Command } from './component.ts'
import { systemErrorCode } from './errors.ts'
import { openLog } from './logs.ts'
import type { ProcessIdentity } from './state/state-file.ts'

const START_TIME_FIELD = 22
const STATE_FIELD = 3

/**
 * Names a running process by pid and start time; undefined when there is none (a zombie counts as none).
 * Linux: clock ticks since boot (`/proc/PID/stat`, field 22) with the boot's id; elsewhere what `ps` says.
 */
export function identify(pid: number): ProcessIdentity | undefined {
  const startTime = process.platform === 'linux' ? linuxStartTime(pid) : psStartTime(pid)
  return startTime === undefined ? undefined : { pid, startTime }
}

/** Whether this very process, not a later one with its pid, still runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identify(identity.pid)?.startTime === identity.startTime
}

function linuxStartTime(pid: number): string | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch (error) {
    // ESRCH: the process ended between open and read
    if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ESRCH') return undefined
    throw error
  }
  const fields = statFields(stat)
  if (fields(STATE_FIELD) === 'Z' || fields(STATE_FIELD) === 'X') return undefined
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
  return `${bootId}/${fields(START_TIME_FIELD)}`
}

/**
 * Fields of a `/proc/PID/stat` line, numbered from 1 as in the manual. The second, the command in parentheses,
 * may itself hold blanks and parentheses, so fields are counted from the last closing one.
 * @see https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
 */
export function statFields(stat: string): (field: number) => string {
  const afterCommand = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (field) => afterCommand[field - 3]?.trim() ?? ''
}

function psStartTime(pid: number): string | undefined {
  const result = execaSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { reject: false })
  const [state = '', ...started] = result.stdout.trim().split(/\s+/)
  return result.exitCode === 0 && !state.startsWith('Z') ? started.join(' ') : undefined
}

const POLL_MS = 25

/** Sends a signal; false when the process (or, for a negative pid, the group) no longer exists. */
export function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, signal)
  } catch (error) {
    if (systemErrorCode(error) === 'ESRCH') return false
    throw error
  }
}

/**
 * Stops a process that need not be a child of ours: signal, wait up to the timeout, SIGKILL. Its process group
 * goes with it, so that what it started does not stay behind. Does nothing to a later process with its pid.
 */
export async function terminate(
  identity: ProcessIdentity,
  options: { signal: NodeJS.Signals; timeoutMs: number },
): Promise<void> {
  if (isAlive(identity)) {
    sendSignal(identity.pid, options.signal)
    // a stopped process (SIGSTOP by a drill) takes signals only once it runs again
    sendSignal(identity.pid, 'SIGCONT')
    if (!(await goneWithin(identity, options.timeoutMs))) {
      sendSignal(identity.pid, 'SIGKILL')
      await goneWithin(identity, options.timeoutMs)
    }
  }
  killGroupLeftBy(identity)
}

/**
 * SIGKILL to the members of a process group whose leader is gone. The kernel does not give a pid away while a
 * group bears it, so when a process with this pid exists the group is not the one we knew.
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/functions/fork.html
 */
export function killGroupLeftBy(leader: ProcessIdentity): void {
  if (identify(leader.pid) === undefined) sendSignal(-leader.pid, 'SIGKILL')
}

/** Waits for the end of a process; false when it still runs after the timeout. */
export async function goneWithin(identity: ProcessIdentity, timeoutMs: number): Promise<boolean> {
  const deadline = performance.now() + timeoutMs
  while (isAlive(identity)) {
    if (performance.now() >= deadline) return false
    await delay(POLL_MS)
  }
  return true
}

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

/** What a child inherits; all else that it needs stands in its definition, so that runs are alike. */
const INHERITED = ['PATH', 'HOME', 'USER', 'LOGNAME', 'TMPDIR', 'TZ', 'LOG_LEVEL']

/** Settings of the kit itself, such as `FAULTLINE_PROFILES_EXPORTER`, reach every component. */
const INHERITED_PREFIX = 'FAULTLINE_'

/** Environment of every child before its own settings. One locale, so that messages and sorting are the same anywhere. */
export function baseEnvironment(env: NodeJS.ProcessEnv = process.env): Record<string, string> {
  const inherited = Object.entries(env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && (INHERITED.includes(entry[0]) || entry[0].startsWith(INHERITED_PREFIX)),
  )
  return { ...Object.fromEntries(inherited), LC_ALL: 'C.UTF-8' }
}
