import { readFileSync } from 'node:fs'
import { execaSync } from 'execa'
import { systemErrorCode } from '../errors.ts'
import type { ProcessIdentity } from '../state/state-file.ts'

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
