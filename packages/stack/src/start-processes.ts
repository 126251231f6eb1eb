import { SupervisorClient } from './control/client.ts'
import { down } from './down.ts'
import { StackError } from './errors.ts'
import { type LaunchOptions, launch } from './launch.ts'
import type { Runtime } from './runtime.ts'
import { stateLayout } from './state/layout.ts'
import { readState, type StackState } from './state/state-file.ts'

/**
 * Starts the kit and waits until all of it is ready; for tests and tools. Disposal stops it (data is kept).
 * @throws StackError naming the components that did not become ready; then everything is stopped again
 */
export async function startProcesses(options: LaunchOptions): Promise<Runtime> {
  const { runtime } = await launch(options)
  const stop = async (): Promise<void> => {
    await down(options.stateDir)
  }
  const outcome = await untilSettled(runtime)
  await runtime[Symbol.asyncDispose]()
  const layout = stateLayout(options.stateDir)
  const state = await readState(layout.stateFile)
  if (outcome?.phase === 'ready' && state !== undefined) return new SupervisorClient(layout, state, stop)
  await stop()
  throw new StackError(notReady(outcome), 1)
}

async function untilSettled(runtime: SupervisorClient): Promise<StackState | undefined> {
  for await (const state of runtime.changes()) {
    if (state.phase !== 'starting') return state
  }
  return undefined
}

function notReady(state: StackState | undefined): string {
  if (state === undefined) return 'the supervisor ended before the kit was ready'
  return [...state.components, ...state.tools]
    .filter((record) => record.state !== 'ready')
    .map((record) => `${record.name} is ${record.state}: ${record.detail ?? 'no reason known'}`)
    .join('\n')
}
