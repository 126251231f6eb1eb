import { resolve } from 'node:path'
import {
  defaultStateDir,
  down,
  ExitCode,
  forceDown,
  type LaunchOptions,
  launch,
  parsePortOffset,
  type StackState,
  type SupervisorClient,
} from '@faultline/stack'
import { Command, Option } from 'commander'
import { CommandFailed } from '../command-failed.ts'
import { everythingOf } from '../format.ts'
import { createProgress, type Progress } from '../progress/index.ts'
import { LineProgress } from '../progress/lines.ts'
import { failures, summary } from '../summary.ts'

interface UpOptions {
  detach?: true
  portOffset?: string
  sloProfile: 'drill' | 'production'
  collectorConfig: string[]
}

/** npm passes on a signal that the terminal has sent to this process already: within this time, in ms, it is the same Ctrl-C. */
const SAME_INTERRUPT_MS = 500

export function upCommand(): Command {
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
      (file: string, files: string[]) => [...files, resolve(file)],
      [],
    )
    .addHelpText('after', '\nExample:\n  npx faultline up --detach --port-offset 10000\n')
    .action(up)
}

async function up(options: UpOptions): Promise<void> {
  const stateDir = defaultStateDir()
  const attached = options.detach !== true
  const launchOptions: LaunchOptions = {
    stateDir,
    portOffset: parsePortOffset(options.portOffset ?? process.env.FAULTLINE_PORT_OFFSET),
    sloProfile: options.sloProfile,
    collectorConfigs: options.collectorConfig,
    startedAt: new Date(performance.timeOrigin).toISOString(),
    attached,
    onNotice: (text) => console.log(text),
  }
  const { runtime, alreadyRunning, release } = await launch(launchOptions)
  await using _connection = runtime
  if (alreadyRunning) await announceRunning(runtime, launchOptions)
  if (alreadyRunning && attached) {
    console.error('See it with "npx faultline status", stop it with "npx faultline down".')
    throw new CommandFailed(ExitCode.environmentLacks)
  }
  const interrupted = alreadyRunning ? new Promise<never>(() => undefined) : interruption()
  const state = await Promise.race([untilSettled(runtime, createProgress()), interrupted])
  if (state === 'interrupted') return stopAll(stateDir, attached)
  const exitCode = report(state, stateDir)
  if (!attached) {
    release()
    if (exitCode !== ExitCode.done) throw new CommandFailed(exitCode)
    return
  }
  if (exitCode !== ExitCode.done) {
    console.log('Stopping the rest.')
    await down(stateDir)
    throw new CommandFailed(exitCode)
  }
  console.log('Ctrl-C stops everything.')
  const ended = await Promise.race([follow(runtime), interrupted])
  if (ended === 'interrupted') return stopAll(stateDir, attached)
  console.error('The supervisor has ended. "npx faultline down" stops what it may have left.')
  throw new CommandFailed(ExitCode.checkFailed)
}

async function announceRunning(runtime: SupervisorClient, asked: LaunchOptions): Promise<void> {
  const { portOffset, sloProfile } = await runtime.state()
  console.log(`The kit already runs here (state folder ${asked.stateDir}).`)
  if (portOffset === asked.portOffset && sloProfile === asked.sloProfile) return
  console.log(
    `It keeps port offset ${portOffset} and SLO profile ${sloProfile}: for others stop it first with "npx faultline down".`,
  )
}

async function untilSettled(runtime: SupervisorClient, progress: Progress): Promise<StackState | undefined> {
  let last: StackState | undefined
  for await (const state of runtime.changes()) {
    last = state
    progress.update(state)
    if (state.phase !== 'starting') break
  }
  await progress.finish()
  return last
}

/** Prints how the start went. */
function report(state: StackState | undefined, stateDir: string): ExitCode {
  if (state === undefined || state.phase === 'starting') {
    console.error(`The supervisor ended before the kit was ready; its log: ${stateDir}/logs/supervisor.log`)
    return ExitCode.checkFailed
  }
  if (state.phase === 'ready') {
    console.log(`\n${summary(state)}`)
    return ExitCode.done
  }
  const failed = everythingOf(state).filter((record) => record.state === 'failed')
  console.error(`\n${failures(state, stateDir)}`)
  return failed.some((record) => record.environmentLacks) ? ExitCode.environmentLacks : ExitCode.checkFailed
}

/** One line for each change from now on; resolves when the supervisor is gone. */
async function follow(runtime: SupervisorClient): Promise<void> {
  const lines = new LineProgress((line) => console.log(line), { fromNowOn: true })
  for await (const state of runtime.changes()) lines.update(state)
}

function interruption(): Promise<'interrupted'> {
  return new Promise((settle) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
      process.once(signal, () => settle('interrupted'))
  })
}

async function stopAll(stateDir: string, attached: boolean): Promise<void> {
  const since = performance.now()
  const again = new Promise<'again'>((settle) => {
    process.on('SIGINT', () => {
      if (performance.now() - since > SAME_INTERRUPT_MS) settle('again')
    })
  })
  console.log('\nStopping in order; Ctrl-C again kills.')
  const lines = new LineProgress((line) => console.log(line), { fromNowOn: true })
  const stopped = down(stateDir, { onChange: (state) => lines.update(state) })
  if ((await Promise.race([stopped, again])) !== 'again') {
    if (!attached) throw new CommandFailed(ExitCode.checkFailed)
    return
  }
  await forceDown(stateDir)
  console.error('Killed.')
  throw new CommandFailed(ExitCode.checkFailed)
}
