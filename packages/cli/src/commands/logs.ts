import { existsSync } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { defaultStateDir, ExitCode, logFile, StackError, stateLayout } from '@faultline/runtime'
import { Command } from 'commander'
import { execa } from 'execa'

const DEFAULT_LINES = 100

interface LogsOptions {
  follow?: true
  lines: string
}

export function logsCommand(): Command {
  return new Command('logs')
    .description("Print a component's log, whether it runs or not.")
    .argument('<name>', 'component, or "supervisor"')
    .option('-f, --follow', 'go on with new lines until Ctrl-C')
    .option('-n, --lines <n>', 'how many of the last lines', String(DEFAULT_LINES))
    .addHelpText('after', '\nExample:\n  npx faultline logs collector --follow\n')
    .action(logs)
}

async function logs(name: string, options: LogsOptions): Promise<void> {
  if (!/^\d+$/.test(options.lines)) throw wrong(`--lines must be a whole number, got "${options.lines}"`)
  const layout = stateLayout(defaultStateDir())
  const file = logFile(layout.logs, name)
  if (!existsSync(file) || name.includes('/')) {
    const names = existsSync(layout.logs) ? await readdir(layout.logs) : []
    const known = names.filter((entry) => entry.endsWith('.log') && !entry.endsWith('.1.log'))
    throw wrong(
      known.length === 0
        ? `there are no logs in ${layout.logs}: the kit has not run yet (in containers: docker compose logs ${name})`
        : `there is no log of "${name}"; there are ${known.map((entry) => entry.slice(0, -'.log'.length)).join(', ')}`,
    )
  }
  await execa('tail', ['-n', options.lines, ...(options.follow ? ['-F'] : []), file], {
    stdio: 'inherit',
    // tail ends by Ctrl-C
    reject: false,
  })
}

function wrong(message: string): StackError {
  return new StackError(message, ExitCode.wrongUse)
}
