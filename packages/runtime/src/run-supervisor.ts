import { existsSync } from 'node:fs'
import { BinaryUnavailableError } from '@faultline/toolchain'
import { pino } from 'pino'
import type { ResolveBinary } from './binaries.ts'
import type { StackDefinition } from './component.ts'
import { type LaunchConfig, type LaunchMessage, launchConfigSchema } from './control/protocol.ts'
import { serveControl } from './control/server.ts'
import { removeRunFiles, stopLeftovers } from './down.ts'
import { ExitCode, type FailureCode, messageOf, StackError } from './errors.ts'
import { checkPorts } from './ports.ts'
import { identify } from './process.ts'
import { type StateLayout, stateLayout } from './state/layout.ts'
import { acquireLock, type ProcessIdentity, readState } from './state/state-file.ts'
import { prepareStorage } from './state/storage.ts'
import { Supervisor } from './supervisor.ts'

/** How often to look whether the state folder is still there, in ms. */
const FOLDER_CHECK_MS = 1000

interface SupervisorProgram {
  /** What to run; called once, after leftovers of an earlier run are gone. */
  define(config: LaunchConfig, layout: StateLayout, notice: (text: string) => void): Promise<StackDefinition>
  readonly resolveBinary: ResolveBinary
}

/**
 * The whole life of a supervisor process: checks, start, control API, stop. Tells the process that started it how the
 * start went; afterwards state.json and the control API tell.
 */
export async function runSupervisor(argument: string | undefined, program: SupervisorProgram): Promise<void> {
  try {
    const config = launchConfigSchema.parse(JSON.parse(argument ?? ''))
    await supervise(config, program)
  } catch (error) {
    tell({ type: 'refused', message: messageOf(error), exitCode: exitCodeOf(error) })
    process.exitCode = ExitCode.checkFailed
  } finally {
    if (process.connected) process.disconnect()
  }
}

async function supervise(config: LaunchConfig, program: SupervisorProgram): Promise<void> {
  // folders and files that other accounts of the kit (PostgreSQL's) can read, whatever the shell's umask
  process.umask(0o022)
  const layout = stateLayout(config.stateDir)
  const self = identify(process.pid)
  if (self === undefined) throw new Error('the own process cannot be identified')
  await prepareStorage(layout)
  const holder = acquireLock(layout.lockFile, self)
  if (holder !== undefined) {
    tell({ type: 'already-running', pid: holder.pid })
    return
  }
  await stopLeftoversOf(layout)
  try {
    const definition = await program.define(config, layout, (text) => tell({ type: 'notice', text }))
    await checkPorts(definition.components, config.portOffset)
    await untilStopped(config, layout, self, definition, program.resolveBinary)
  } finally {
    await removeRunFiles(layout)
  }
}

async function untilStopped(
  config: LaunchConfig,
  layout: StateLayout,
  self: ProcessIdentity,
  definition: StackDefinition,
  resolveBinary: ResolveBinary,
): Promise<void> {
  const { portOffset, sloProfile, startedAt } = config
  const header = { supervisor: self, startedAt, portOffset, sloProfile }
  const log = pino({ name: 'supervisor' })
  const supervisor = new Supervisor({ definition, layout, header, resolveBinary, log })
  const stop = Promise.withResolvers<void>()
  await using _control = await serveControl(supervisor, layout.socket, log, stop.resolve)
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => stop.resolve())
  if (config.attached) process.on('disconnect', () => stop.resolve())
  // whoever deleted the folder can no longer stop the kit by it
  const folderCheck = setInterval(() => {
    if (!existsSync(layout.lockFile)) stop.resolve()
  }, FOLDER_CHECK_MS)
  supervisor.start()
  tell({ type: 'listening' })
  if (config.attached && !process.connected) stop.resolve()
  log.info({ pid: process.pid, portOffset }, 'supervisor started')
  await stop.promise
  clearInterval(folderCheck)
  log.info('supervisor stops')
  await supervisor.stop()
}

async function stopLeftoversOf(layout: StateLayout): Promise<void> {
  const state = await readState(layout.stateFile)
  if (state === undefined) return
  const stopped = await stopLeftovers(state)
  if (stopped.length > 0) {
    const text = `an earlier supervisor was killed; stopped what it left: ${stopped.join(', ')}`
    tell({ type: 'notice', text })
  }
}

function exitCodeOf(error: unknown): FailureCode {
  if (error instanceof StackError) return error.exitCode
  return error instanceof BinaryUnavailableError ? ExitCode.environmentLacks : ExitCode.checkFailed
}

/** To the process that started this one, or, when started by hand, to people. */
function tell(message: LaunchMessage): void {
  if (process.connected) process.send?.(message)
  else console.error(message)
}
