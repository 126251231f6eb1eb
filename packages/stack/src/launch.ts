import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { execa } from 'execa'
import { connectRuntime, type SupervisorClient } from './control/client.ts'
import { StackError } from './errors.ts'
import { type LaunchConfig, type LaunchMessage, launchMessageSchema } from './launch-config.ts'
import { keepPrevious, logFile, openLog } from './logs.ts'
import { prepareStorage } from './preflight/storage.ts'
import { stateLayout } from './state/layout.ts'

export interface LaunchOptions extends Partial<Omit<LaunchConfig, 'stateDir'>> {
  readonly stateDir: string
  /** Supervisor program; the kit's own unless a test runs components of its own. */
  readonly entry?: string
  /** Told what happens before the control API answers. */
  readonly onNotice?: (text: string) => void
}

export interface Launched {
  readonly runtime: SupervisorClient
  /** A supervisor ran here before; nothing was started. */
  readonly alreadyRunning: boolean
  /** Lets an attached supervisor go on without this process. */
  release(): void
}

const SUPERVISOR = 'supervisor'
/** The supervisor is idle most of the time: a small young generation saves 25 MB. */
const NODE_OPTIONS = ['--max-semi-space-size=1']

/**
 * Starts a supervisor as a process of its own and connects to it as soon as it answers, before its components are
 * ready.
 * @throws StackError when it refuses to start: a port in use, no permission, no space
 */
export async function launch(options: LaunchOptions): Promise<Launched> {
  const { stateDir, entry = join(import.meta.dirname, 'supervisor-main.ts'), onNotice, ...settings } = options
  const layout = stateLayout(stateDir)
  const config: LaunchConfig = {
    stateDir: layout.root,
    portOffset: settings.portOffset ?? 0,
    sloProfile: settings.sloProfile ?? 'drill',
    collectorConfigs: [...(settings.collectorConfigs ?? [])],
    startedAt: settings.startedAt ?? new Date().toISOString(),
    attached: settings.attached ?? false,
  }
  await prepareStorage(layout)
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
  const outcome = await firstOutcome(child, onNotice)
  const release = (): void => {
    if (child.connected) child.disconnect()
    child.unref()
  }
  if (outcome === undefined || outcome.type === 'refused') {
    release()
    throw outcome === undefined
      ? new StackError(`the supervisor ended at once; its log: ${logFile(layout.logs, SUPERVISOR)}`, 1)
      : new StackError(outcome.message, outcome.exitCode)
  }
  if (!config.attached || outcome.type === 'already-running') release()
  return {
    runtime: await connectRuntime(layout.root),
    alreadyRunning: outcome.type === 'already-running',
    release,
  }
}

async function firstOutcome(
  child: ChildProcess,
  onNotice: ((text: string) => void) | undefined,
): Promise<Exclude<LaunchMessage, { type: 'notice' }> | undefined> {
  const exited = once(child, 'exit').then(() => undefined)
  for (;;) {
    const received = await Promise.race([once(child, 'message'), exited])
    if (received === undefined) return undefined
    const message = launchMessageSchema.parse(received[0])
    if (message.type !== 'notice') return message
    onNotice?.(message.text)
  }
}
