import { rm } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import { SupervisorClient } from './control/client.ts'
import { isAlive, killGroupLeftBy, sendSignal, terminate } from './process.ts'
import { externalDataFolder } from './processes/postgres-place.ts'
import { type StateLayout, stateLayout } from './state/layout.ts'
import {
  type ComponentRecord,
  type ProcessIdentity,
  readHolder,
  readState,
  type StackState,
} from './state/state-file.ts'
import { requireOwn } from './state/storage.ts'

const POLL_MS = 50
/** Longer than everything takes to stop in order, in ms. */
const ORDERLY_STOP_MS = 120_000

export interface DownOptions {
  /** Deletes data and everything else that was written, logs too. */
  readonly volumes?: boolean
  /** Told of each change while components stop. */
  readonly onChange?: (state: StackState) => void
}

export interface DownResult {
  /** What was found: a running supervisor, leftovers of a killed one, or nothing. */
  readonly found: 'running' | 'leftovers' | 'nothing'
  /** Components that still ran without a supervisor. */
  readonly leftovers: readonly string[]
}

/**
 * Stops the kit of a state folder, whether its supervisor runs or was killed. Data is kept unless asked otherwise.
 * @throws StackError (environment) when the folder is somebody else's
 */
export async function down(stateDir: string, options: DownOptions = {}): Promise<DownResult> {
  const layout = stateLayout(stateDir)
  await requireOwn(layout)
  const state = await readState(layout.stateFile).catch(() => 'unreadable' as const)
  let result: DownResult = { found: 'nothing', leftovers: [] }
  if (state === 'unreadable') {
    if (await stopHolder(layout)) result = { found: 'running', leftovers: [] }
  } else if (state !== undefined && isAlive(state.supervisor)) {
    await stopRunning(new SupervisorClient(layout, state), state, options.onChange)
    result = { found: 'running', leftovers: [] }
  } else if (state !== undefined) {
    const leftovers = await stopLeftovers(state)
    result = { found: 'leftovers', leftovers }
  }
  await removeRunFiles(layout)
  if (options.volumes === true) {
    const { data, logs, roots, load, compileCache } = layout
    for (const folder of [data, logs, roots, load, compileCache, externalDataFolder(layout)]) {
      await rm(folder, { recursive: true, force: true })
    }
  }
  return result
}

/** SIGKILL to everything at once, for those who cannot wait for {@link down}. Data is as after a crash. */
export async function forceDown(stateDir: string): Promise<void> {
  const layout = stateLayout(stateDir)
  await requireOwn(layout)
  const state = await readState(layout.stateFile).catch(() => undefined)
  if (state !== undefined) killAll(state)
  await removeRunFiles(layout)
}

/** Stops the supervisor that the lock names, which stops what it runs. Returns whether there was one. */
async function stopHolder(layout: StateLayout): Promise<boolean> {
  const holder = readHolder(layout.lockFile)
  if (holder === undefined || !isAlive(holder)) return false
  await terminate(holder, { signal: 'SIGTERM', timeoutMs: ORDERLY_STOP_MS })
  return true
}

async function stopRunning(
  runtime: SupervisorClient,
  state: StackState,
  onChange: ((state: StackState) => void) | undefined,
): Promise<void> {
  // one that was stopped (SIGSTOP) hears of it once it runs again
  sendSignal(state.supervisor.pid, 'SIGCONT')
  await using _connection = runtime
  let asked = false
  for await (const change of runtime.changes()) {
    onChange?.(change)
    // only once the changes are being told, or the last of them could be missed
    if (!asked) await runtime.stopAll()
    asked = true
  }
  while (isAlive(state.supervisor)) await delay(POLL_MS)
}

type Running = ComponentRecord & { process: ProcessIdentity }

/** Components of a recorded state whose process still runs. */
function stillRunning(state: StackState): readonly Running[] {
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
function killAll(state: StackState): void {
  // the supervisor first, or it would start again what dies
  for (const identity of [state.supervisor, ...stillRunning(state).map(({ process }) => process)]) {
    if (isAlive(identity)) sendSignal(-identity.pid, 'SIGKILL')
  }
}

/** Removes what only a running supervisor needs. Data, logs and rendered configuration stay. */
export async function removeRunFiles(layout: StateLayout): Promise<void> {
  for (const file of [layout.socket, layout.stateFile, layout.lockFile]) await rm(file, { force: true })
}
