import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  type Drill,
  DrillRunning,
  EnvironmentFailure,
  findLeftover,
  leftoverText,
  runDrill,
  undoLeftover,
  writeReport,
} from '@faultline/drill-engine'
import {
  ExitCode,
  environmentLacks,
  messageOf,
  REPOSITORY_ROOT,
  StackError,
  wrongUse,
} from '@faultline/runtime'
import { Command } from 'commander'
import { drillProgress, verdictText } from '../drill-output.ts'
import { columns } from '../format.ts'
import { CommandFailed, connectKit, kitStateDir, undoneBy, type WhichKit } from '../kit.ts'

interface DrillOptions extends WhichKit {
  /** False with `--no-fault`. */
  fault: boolean
  keep?: true
  list?: true
  json?: true
  undo?: true
}

export function drillCommand(): Command {
  return new Command('drill')
    .description(
      'Rehearse a failure: baseline, fault, recovery, cure. Exit code 1 when the kit did not show what the drill claims, 3 when the surroundings failed.',
    )
    .argument('[name]', 'a file in drills/; --list shows them')
    .option(
      '--no-fault',
      'the control: everything but the fault, which must end with evidence missing (exit code 1)',
    )
    .option('--keep', 'end when the evidence is there and leave the fault in, to explore')
    .option('--undo', 'take out what a drill left in')
    .option('--compose', 'in the kit that docker compose has started')
    .option('--list', 'show which drills there are')
    .option('--json', 'the verdict (or the list) as one JSON document')
    .addHelpText('after', '\nExample:\n  npx faultline drill slow-query\n')
    .action(drill)
}

async function drill(name: string | undefined, options: DrillOptions): Promise<void> {
  if (options.list) return list(options.json === true)
  if (options.undo) return undo(options)
  const names = await drillNames()
  if (name === undefined || !names.includes(name)) {
    const what = name === undefined ? 'which drill?' : `there is no drill "${name}";`
    throw wrongUse(`${what} there are ${names.join(', ')}`)
  }
  await run(await loadDrill(name), options)
}

async function list(json: boolean): Promise<void> {
  const drills = await Promise.all((await drillNames()).map((name) => loadDrill(name)))
  const rows = drills.map(({ name, title, teaches }) => ({ name, title, teaches }))
  const table = columns([['NAME', 'WHAT'], ...rows.map(({ name, title }) => [name, title])])
  console.log(json ? JSON.stringify(rows, null, 2) : table)
}

async function undo(which: WhichKit): Promise<void> {
  const stateDir = kitStateDir(which)
  await using runtime = await connectKit(which)
  const left = await undoLeftover(runtime, stateDir)
  const running = await findLeftover(stateDir)
  if (running !== undefined)
    throw new StackError(leftoverText(running, undoneBy(which)), ExitCode.checkFailed)
  console.log(
    left === undefined
      ? 'No drill has left anything in.'
      : `Took out what the drill ${left.drill} had left in.`,
  )
}

async function run(definition: Drill, { fault, keep, json, ...which }: DrillOptions): Promise<void> {
  const stateDir = kitStateDir(which)
  await using runtime = await connectKit(which)
  const abort = new AbortController()
  const interrupt = (): void => abort.abort(new CommandFailed(ExitCode.checkFailed))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt)
  try {
    const { tell, finish } = drillProgress()
    const result = await runDrill({
      runtime,
      stateDir,
      drill: definition,
      fault,
      keep: keep === true,
      signal: abort.signal,
      onProgress: tell,
    }).finally(finish)
    const report = await writeReport(result, definition, runtime.endpoints(), stateDir)
    console.log(json ? JSON.stringify(result.verdict, null, 2) : verdictText(result.verdict, report))
    if (result.verdict.outcome === 'failed') throw new CommandFailed(ExitCode.checkFailed)
  } catch (error) {
    if (abort.signal.aborted) {
      console.error('Interrupted; what the drill had done is undone.')
      throw new CommandFailed(ExitCode.checkFailed)
    }
    if (error instanceof EnvironmentFailure) {
      throw environmentLacks(`No verdict: ${messageOf(error)}`)
    }
    if (error instanceof DrillRunning) throw new StackError(messageOf(error), ExitCode.checkFailed)
    throw error
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, interrupt)
  }
}

const FOLDER = join(REPOSITORY_ROOT, 'drills')

/** Names of the drills there are, sorted. */
async function drillNames(): Promise<readonly string[]> {
  const entries = await readdir(FOLDER, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
    .map((entry) => entry.name.slice(0, -'.ts'.length))
    .sort()
}

/** Loads a drill by a name that is known to be there. */
async function loadDrill(name: string): Promise<Drill> {
  const module: { default: Drill } = await import(pathToFileURL(join(FOLDER, `${name}.ts`)).href)
  return module.default
}
