import { rm } from 'node:fs/promises'
import { isAlive } from '../process/identity.ts'
import { killGroupLeftBy, sendSignal, terminate } from '../process/terminate.ts'
import type { StateLayout } from './layout.ts'
import type { ComponentRecord, ProcessIdentity, StackState } from './state-file.ts'

type Running = ComponentRecord & { process: ProcessIdentity }

/** Components of a recorded state whose process still runs. */
export function stillRunning(state: StackState): readonly Running[] {
  return state.components.filter(
    (record): record is Running => record.process !== undefined && isAlive(record.process),
  )
}

/**
 * Stops what a killed supervisor left behind, gracefully and in the order in which it would have done so itself:
 * components, what they started (their process groups) and builds (the supervisor's own group).
 * @returns names of the components that were still running
 */
export async function stopLeftovers(state: StackState): Promise<readonly string[]> {
  killGroupLeftBy(state.supervisor)
  const running = stillRunning(state)
  const last = Math.max(0, ...running.map(({ stopWave }) => stopWave))
  for (let wave = 0; wave <= last; wave += 1) {
    const together = running.filter(({ stopWave }) => stopWave === wave)
    await Promise.all(
      together.map((record) =>
        terminate(record.process, {
          signal: record.stopSignal as NodeJS.Signals,
          timeoutMs: record.stopTimeoutMs,
        }),
      ),
    )
  }
  // a component that died with its supervisor may have left a group, too
  for (const { process } of state.components) if (process !== undefined) killGroupLeftBy(process)
  return running.map(({ name }) => name)
}

/** SIGKILL to the supervisor and to everything that it runs; no grace. */
export function killAll(state: StackState): void {
  // the supervisor first, or it would start again what dies
  for (const identity of [state.supervisor, ...stillRunning(state).map(({ process }) => process)]) {
    if (isAlive(identity)) sendSignal(-identity.pid, 'SIGKILL')
  }
}

/** Removes what only a running supervisor needs. Data, logs and rendered configuration stay. */
export async function removeRunFiles(layout: StateLayout): Promise<void> {
  for (const file of [layout.socket, layout.stateFile, layout.lockFile]) await rm(file, { force: true })
}
