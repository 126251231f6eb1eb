import {
  allReady,
  connectCompose,
  connectRuntime,
  defaultStateDir,
  ExitCode,
  lowSpace,
  type StackState,
} from '@faultline/runtime'
import { cacheRoot } from '@faultline/toolchain'
import { Command } from 'commander'
import { columns, duration, everythingOf, inOneLine, secondsSince } from '../format.ts'
import { COMPOSE_OPTION, CommandFailed, kitStateDir, tellLeftover, type WhichKit } from '../kit.ts'

export function statusCommand(): Command {
  return new Command('status')
    .description('Show every component. Exit code 1 unless everything is ready, 3 where no kit runs.')
    .option(...COMPOSE_OPTION)
    .option('--json', 'all that the supervisor knows, as one JSON document')
    .addHelpText('after', '\nExample:\n  npx faultline status --json\n')
    .action(status)
}

async function status(options: WhichKit & { json?: true }): Promise<void> {
  if (options.compose) return statusOfCompose(options.json === true)
  const stateDir = defaultStateDir()
  await using runtime = await connectRuntime(stateDir)
  const state = await runtime.state()
  console.log(options.json ? JSON.stringify(state, null, 2) : table(state))
  for (const line of await lowSpace([stateDir, cacheRoot(process.env)])) console.error(line)
  await tellLeftover({})
  if (state.phase !== 'ready') throw new CommandFailed(ExitCode.checkFailed)
}

async function statusOfCompose(json: boolean): Promise<void> {
  const which = { compose: true } as const
  await using runtime = await connectCompose(kitStateDir(which))
  const components = await runtime.status()
  const rows = components.map(({ name, state, since, pid, restarts, version, detail }) => [
    name,
    state,
    duration(secondsSince(since)),
    String(pid ?? ''),
    String(restarts),
    version ?? '',
    detail ?? '',
  ])
  const heading = ['NAME', 'STATE', 'FOR', 'PID', 'RESTARTS', 'IMAGE', 'DETAIL']
  console.log(json ? JSON.stringify(components, null, 2) : columns([heading, ...rows]))
  await tellLeftover(which)
  if (!allReady(components)) throw new CommandFailed(ExitCode.checkFailed)
}

function table(state: StackState): string {
  const rows = everythingOf(state).map((record) => [
    record.name,
    record.state,
    duration(secondsSince(record.since)),
    record.process === undefined ? '' : String(record.process.pid),
    String(record.restarts),
    record.version === undefined ? '' : `${record.version} (${record.source ?? ''})`,
    inOneLine(record),
  ])
  return columns([['NAME', 'STATE', 'FOR', 'PID', 'RESTARTS', 'VERSION', 'DETAIL'], ...rows])
}
