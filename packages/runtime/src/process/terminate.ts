import { setTimeout as delay } from 'node:timers/promises'
import { systemErrorCode } from '../errors.ts'
import type { ProcessIdentity } from '../state/state-file.ts'
import { identify, isAlive } from './identity.ts'

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
