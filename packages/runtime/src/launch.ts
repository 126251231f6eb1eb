import type { ChildProcess } from 'node:child_process'
import { on, once } from 'node:events'
import { join } from 'node:path'
import { execa } from 'execa'
import { connectRuntime, SupervisorClient } from './control/client.ts'
import {
  type LaunchConfig,
  type LaunchMessage,
  launchConfigSchema,
  launchMessageSchema,
} from './control/protocol.ts'
import { down } from './down.ts'
import { StackError } from './errors.ts'
import { keepPrevious, logFile, openLog } from './logs.ts'
import { identify, isAlive, terminate } from './process.ts'
import { type StateLayout, stateLayout } from './state/layout.ts'
import { type ProcessIdentity, readHolder, readState, type StackState } from './state/state-file.ts'
import { prepareStorage } from './state/storage.ts'

export interface LaunchOptions extends Partial<Omit<LaunchConfig, 'stateDir'>> {
  readonly stateDir: string
  /** Supervisor program; the kit's own unless a test runs components of its own. */
  readonly entry?: string
  /** Told what happens before the control API answers. */
  readonly onNotice?: (text: string) => void
  /** Calls the start off: nothing of it is left when the promise rejects. */
  readonly signal?: AbortSignal
}

export interface Launched {
  readonly runtime: SupervisorClient
  /** A supervisor ran here before; nothing was started. */
  readonly alreadyRunning: boolean
  /** Lets an attached supervisor go on without this process. */
  release(): void
}

const SUPERVISOR = 'supervisor'
const SUPERVISOR_PROGRAM = join(import.meta.dirname, 'supervisor-main.ts')
/** The supervisor is idle most of the time: a small young generation saves 25 MB. */
const NODE_OPTIONS = ['--max-semi-space-size=1']
/** How long a supervisor that is called off may take to end, in ms; it has hardly started anything. */
const CALL_OFF_TIMEOUT_MS = 5000

/**
 * Starts a supervisor as a process of its own and connects to it as soon as it answers, before its components are
 * ready.
 * @throws StackError when it refuses to start: a port in use, no permission, no space; the signal's reason when it is
 * called off
 */
export async function launch(options: LaunchOptions): Promise<Launched> {
  const { stateDir, entry = SUPERVISOR_PROGRAM, onNotice, signal, ...settings } = options
  const layout = stateLayout(stateDir)
  const config = launchConfigSchema.parse({ ...settings, stateDir: layout.root })
  signal?.throwIfAborted()
  await prepareStorage(layout)
  const running = await readState(layout.stateFile)
  if (running !== undefined && isAlive(running.supervisor)) return found(layout, running)
  signal?.throwIfAborted()
  keepPrevious(layout.logs, SUPERVISOR)
  const log = await openLog(logFile(layout.logs, SUPERVISOR))
  const { nodeChildProcess: child } = execa(
    process.execPath,
    [...NODE_OPTIONS, entry, JSON.stringify(config)],
    {
      env: { NODE_COMPILE_CACHE: layout.compileCache },
      stdin: 'ignore',
      stdout: log,
      stderr: log,
      ipc: true,
      detached: true,
      cleanup: false,
      reject: false,
    },
  )
  log.close()
  const self = child.pid === undefined ? undefined : identify(child.pid)
  const outcome = await firstOutcome(child, onNotice, signal)
  if (signal?.aborted) {
    if (self !== undefined) await callOff(self, layout)
    throw signal.reason
  }
  if (outcome?.type !== 'listening') {
    // it has ended when it wrote its last file, so that whoever called may delete the folder
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    if (outcome?.type === 'refused') throw new StackError(outcome.message, outcome.exitCode)
    if (outcome?.type === 'already-running') return found(layout, await readState(layout.stateFile))
    throw new StackError(`the supervisor ended at once; its log: ${logFile(layout.logs, SUPERVISOR)}`, 1)
  }
  const release = (): void => {
    if (child.connected) child.disconnect()
    child.unref()
  }
  if (!config.attached) release()
  return { runtime: await connectRuntime(layout.root), alreadyRunning: false, release }
}

function found(layout: StateLayout, state: StackState | undefined): Launched {
  if (state === undefined) throw new StackError('another start is under way in this state folder', 1)
  return { runtime: new SupervisorClient(layout, state), alreadyRunning: true, release: () => undefined }
}

async function firstOutcome(
  child: ChildProcess,
  onNotice: ((text: string) => void) | undefined,
  signal: AbortSignal | undefined,
): Promise<Exclude<LaunchMessage, { type: 'notice' }> | undefined> {
  try {
    // the channel closes, after its last message, when the process ends
    for await (const [received] of on(child, 'message', { close: ['disconnect'], signal })) {
      const message = launchMessageSchema.parse(received)
      if (message.type !== 'notice') return message
      onNotice?.(message.text)
    }
  } catch (error) {
    if (!signal?.aborted) throw error
  }
  return undefined
}

/** Ends a supervisor that was just started, and what it had started, or had yet to stop of one that was killed. */
async function callOff(supervisor: ProcessIdentity, layout: StateLayout): Promise<void> {
  await terminate(supervisor, { signal: 'SIGTERM', timeoutMs: CALL_OFF_TIMEOUT_MS })
  const holder = readHolder(layout.lockFile)
  // what is in the folder of another supervisor, which came first, is not ours to clean up
  const wasTheOne = holder?.pid === supervisor.pid && holder.startTime === supervisor.startTime
  if (wasTheOne) await down(layout.root)
}
