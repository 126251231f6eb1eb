import { once } from 'node:events'
import { statSync } from 'node:fs'
import { resolve } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import {
  defaultStateDir,
  down,
  ExitCode,
  forceDown,
  type Launched,
  type LaunchOptions,
  launch,
  logFile,
  parsePortOffset,
  type StackState,
  type SupervisorClient,
  stateLayout,
} from '@faultline/runtime'
import { Command, InvalidArgumentError, Option } from 'commander'
import { lacking, summary, unready } from '../format.ts'
import { Interruption } from '../interruption.ts'
import { CommandFailed, undoBefore } from '../kit.ts'
import { createProgress, LineProgress, type Progress } from '../progress.ts'

interface UpOptions {
  detach?: true
  portOffset?: string
  sloProfile: 'drill' | 'production'
  collectorConfig?: string[]
  file?: string[]
}

/** @param supervisorEntry program of the supervisor, where it is not the kit's own */
export function upCommand(supervisorEntry?: string): Command {
  return new Command('up')
    .description('Start the kit and wait until it is ready. Without --detach it runs until Ctrl-C.')
    .option('-d, --detach', 'return when everything is ready and leave it running')
    .option('--port-offset <n>', 'add this to every port (default: FAULTLINE_PORT_OFFSET or 0)')
    .addOption(
      new Option('--slo-profile <profile>', 'alert windows: divided by 30, or as the objectives say')
        .choices(['drill', 'production'])
        .default('drill'),
    )
    .option(
      '--collector-config <file>',
      "collector configuration merged over the kit's own (repeatable)",
      oneMoreFile,
    )
    .option('--file <overlay>', "compose file merged over the kit's own (repeatable)", oneMoreFile)
    .addHelpText(
      'after',
      `
FAULTLINE_STATE_DIR says where data and logs go (default: .faultline in the repository); every command reads it.

Example:
  npx faultline up --detach --port-offset 2000
  npx faultline up --file deploy/compose/bring-your-own.yml
`,
    )
    .action((options: UpOptions) => up(options, supervisorEntry))
}

function oneMoreFile(file: string, files: readonly string[] = []): readonly string[] {
  const path = resolve(file)
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) throw new InvalidArgumentError(`there is no file ${path}`)
  // the supervisor reads it, so that a pipe of this shell leads nowhere
  if (!found.isFile()) {
    const kind = found.isDirectory() ? 'a folder' : 'a pipe or a device'
    throw new InvalidArgumentError(`${path} is ${kind}, and must be a file`)
  }
  return [...files, path]
}

async function up(options: UpOptions, supervisorEntry: string | undefined): Promise<void> {
  const attached = options.detach !== true
  using interruption = new Interruption()
  const asked: LaunchOptions = {
    stateDir: defaultStateDir(),
    portOffset: parsePortOffset(options.portOffset ?? process.env.FAULTLINE_PORT_OFFSET),
    sloProfile: options.sloProfile,
    collectorConfigs: options.collectorConfig ?? [],
    composeFiles: options.file ?? [],
    startedAt: new Date(performance.timeOrigin).toISOString(),
    attached,
    onNotice: (text) => console.log(text),
    signal: interruption.requested,
    ...(supervisorEntry === undefined ? {} : { entry: supervisorEntry }),
  }
  let launched: Launched | undefined
  try {
    // what came while this process was loading its code is heard of first
    await setImmediate()
    launched = await launch(asked)
    await interruption.during(untilDone(launched, asked, interruption.requested))
  } catch (error) {
    if (!interruption.requested.aborted) throw error
    if (launched === undefined) console.log('\nCalled off; nothing of it runs.')
    // whoever started it, not this command, ends a kit that ran before
    else if (!launched.alreadyRunning) await stopAll(asked.stateDir, interruption)
    // a start that was called off has not done what was asked for, unless running was all that was asked for
    if (!attached) throw new CommandFailed(ExitCode.checkFailed)
  } finally {
    // an attached supervisor that still runs stops then
    await launched?.runtime[Symbol.asyncDispose]()
    launched?.release()
  }
}

/** @throws the signal's reason once it is aborted */
async function untilDone(
  { runtime, alreadyRunning }: Launched,
  asked: LaunchOptions,
  signal: AbortSignal,
): Promise<void> {
  const { stateDir, attached = false } = asked
  if (alreadyRunning) {
    await announceRunning(runtime, asked)
    await startIdle(runtime)
  }
  const state = await untilSettled(runtime, createProgress(), signal)
  const exitCode = report(state, stateDir)
  if (exitCode === ExitCode.done) {
    await undoBefore(runtime, stateDir)
    if (attached) await untilStopped(runtime, signal)
    return
  }
  // with a lack of this machine mended, the next start is to begin afresh; after a fault people look at what runs
  if (attached || exitCode === ExitCode.environmentLacks || !isSettled(state)) {
    console.error('Stopping the rest.')
    await down(stateDir)
  } else {
    console.error('The rest goes on running. Once mended: npx faultline restart NAME, or up --detach again.')
  }
  throw new CommandFailed(exitCode)
}

/** @throws CommandFailed when this command was to run the kit in the foreground */
async function announceRunning(runtime: SupervisorClient, asked: LaunchOptions): Promise<void> {
  console.log(`The kit already runs here (state folder ${asked.stateDir}).`)
  const { portOffset, sloProfile } = await runtime.state()
  const kept = [
    ...(portOffset !== asked.portOffset || sloProfile !== asked.sloProfile
      ? [`port offset ${portOffset} and SLO profile ${sloProfile}`]
      : []),
    ...(asked.composeFiles?.length || asked.collectorConfigs?.length
      ? ['the files that it was started with']
      : []),
  ]
  if (kept.length > 0) {
    console.log(`It keeps ${kept.join(', and ')}; to change them stop it first with "npx faultline down".`)
  }
  if (!asked.attached) return
  console.error('See it with "npx faultline status", stop it with "npx faultline down".')
  throw new CommandFailed(ExitCode.environmentLacks)
}

/** Starts again what failed or was stopped in a kit that runs. */
async function startIdle(runtime: SupervisorClient): Promise<void> {
  const { components } = await runtime.state()
  const idle = components.filter(({ state }) => state === 'failed' || state === 'stopped')
  if (idle.length === 0) return
  console.log(`Starting what does not run: ${idle.map(({ name }) => name).join(', ')}.`)
  // why one does not become ready is in the state that is reported afterwards
  await Promise.allSettled(idle.map(({ name }) => runtime.start(name)))
}

async function untilSettled(
  runtime: SupervisorClient,
  progress: Progress,
  signal: AbortSignal,
): Promise<StackState | undefined> {
  let last: StackState | undefined
  for await (const state of runtime.changes(signal)) {
    last = state
    progress.update(state)
    if (state.phase !== 'starting') break
  }
  await progress.finish()
  signal.throwIfAborted()
  return last
}

/** Whether the last that was heard of a start is its outcome; if not, the supervisor ended before. */
const isSettled = (state: StackState | undefined): state is StackState =>
  state?.phase === 'ready' || state?.phase === 'degraded'

/** Prints how the start went. */
function report(state: StackState | undefined, stateDir: string): ExitCode {
  if (!isSettled(state)) {
    const log = logFile(stateLayout(stateDir).logs, 'supervisor')
    console.error(`The supervisor ended before the kit was ready; its log: ${log}`)
    return ExitCode.checkFailed
  }
  if (state.phase === 'ready') {
    console.log(`\n${summary(state)}`)
    const missing = lacking(state.tools)
    if (missing !== '') console.error(`\nNot needed to run, but for load and tests:\n${missing}`)
    return ExitCode.done
  }
  console.error(`\n${unready(state, stateDir)}`)
  return state.components.some((record) => record.lacking !== undefined)
    ? ExitCode.environmentLacks
    : ExitCode.checkFailed
}

/** In the foreground: one line for each change until Ctrl-C, or until another command stops the kit. */
async function untilStopped(runtime: SupervisorClient, signal: AbortSignal): Promise<void> {
  console.log('Ctrl-C stops everything.')
  const lines = new LineProgress({ fromNowOn: true })
  let last: StackState | undefined
  for await (const state of runtime.changes(signal)) {
    last = state
    lines.update(state)
  }
  signal.throwIfAborted()
  if (last?.phase === 'stopping') return
  console.error('The supervisor was killed. "npx faultline down" stops what it left.')
  throw new CommandFailed(ExitCode.checkFailed)
}

async function stopAll(stateDir: string, interruption: Interruption): Promise<void> {
  console.log('\nStopping in order; Ctrl-C again kills.')
  const lines = new LineProgress({ fromNowOn: true })
  const stopped = down(stateDir, { onChange: (state) => lines.update(state) })
  const { insisted } = interruption
  if (!insisted.aborted) await Promise.race([stopped, once(insisted, 'abort')])
  if (!insisted.aborted) return
  await forceDown(stateDir)
  console.error('Killed.')
  throw new CommandFailed(ExitCode.checkFailed)
}
