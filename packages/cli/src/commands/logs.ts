import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import {
  defaultStateDir,
  ExitCode,
  environmentLacks,
  logFile,
  stateLayout,
  wrongUse,
} from '@faultline/runtime'
import { Command, InvalidArgumentError } from 'commander'
import { execa } from 'execa'
import { CommandFailed } from '../kit.ts'

const DEFAULT_LINES = 100

interface LogsOptions {
  follow?: true
  lines: number
}

export function logsCommand(): Command {
  return new Command('logs')
    .description("Print a component's log, whether it runs or not.")
    .argument('<name>', 'component, or "supervisor"')
    .option('-f, --follow', 'go on with new lines until Ctrl-C')
    .option('-n, --lines <n>', 'how many of the last lines', wholeNumber, DEFAULT_LINES)
    .addHelpText(
      'after',
      '\nExit code 3 when the kit has never run here. Of the kit in containers: docker compose logs NAME.\n\nExample:\n  npx faultline logs collector --follow\n',
    )
    .action(logs)
}

async function logs(name: string, options: LogsOptions): Promise<void> {
  const layout = stateLayout(defaultStateDir())
  const file = logFile(layout.logs, name)
  if (name.includes('/') || !existsSync(file)) {
    const names = existsSync(layout.logs) ? await readdir(layout.logs) : []
    const known = names.filter((entry) => entry.endsWith('.log') && !entry.endsWith('.1.log'))
    if (known.length === 0) {
      throw environmentLacks(
        `there are no logs in ${layout.logs}: the kit has not run yet; start it with "npm start -- --detach" (in containers: docker compose logs ${name})`,
      )
    }
    throw wrongUse(
      `there is no log of "${name}"; there are ${known.map((entry) => entry.slice(0, -'.log'.length)).join(', ')}`,
    )
  }
  const { exitCode } = await execa(
    'tail',
    ['-n', String(options.lines), ...(options.follow ? ['-F'] : []), '--', file],
    // tail ends by Ctrl-C
    { stdio: 'inherit', reject: false },
  )
  // undefined when a signal has ended it
  if (exitCode !== undefined && exitCode !== 0) throw new CommandFailed(ExitCode.checkFailed)
}

function wholeNumber(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value
  throw new InvalidArgumentError('expected a whole number')
}
