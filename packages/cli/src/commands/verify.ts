import { join } from 'node:path'
import { ExitCode, REPOSITORY_ROOT } from '@faultline/runtime'
import { KitNotRunning, renderReport, runVerify, type VerifyProgress } from '@faultline/verify'
import { Command, InvalidArgumentError } from 'commander'
import { COMPOSE_OPTION, CommandFailed, connectKit, type WhichKit } from '../kit.ts'

const MIN_SECONDS = 15
/** What has not arrived after an hour does not arrive. */
const MAX_SECONDS = 3600

interface VerifyOptions extends WhichKit {
  json?: true
  all?: true
  timeout?: number
}

export function verifyCommand(): Command {
  return new Command('verify')
    .description(
      'Send marked requests and follow exactly those through all signals, links, panels and rules. Exit code 1 when one is broken.',
    )
    .option(...COMPOSE_OPTION)
    .option('--json', 'the whole report as one JSON document')
    .option('--all', 'list every check, those that pass too')
    .option('--timeout <s>', 'end with what is known after so many seconds (default: 75)', seconds)
    .addHelpText('after', '\nExample:\n  npx faultline load steady --duration 2m & npx faultline verify\n')
    .action(verify)
}

async function verify({ json, all, compose, timeout }: VerifyOptions): Promise<void> {
  await using runtime = await connectKit({ compose })
  const abort = new AbortController()
  process.once('SIGINT', () => abort.abort(new CommandFailed(ExitCode.checkFailed)))
  process.once('SIGTERM', () => abort.abort(new CommandFailed(ExitCode.checkFailed)))
  try {
    const report = await runVerify({
      endpoints: runtime.endpoints(),
      dashboards: join(REPOSITORY_ROOT, 'grafana/dashboards'),
      signal: abort.signal,
      onProgress: json ? () => {} : showProgress,
      ...(timeout === undefined ? {} : { timeoutMs: timeout * 1000 }),
    })
    const colour = process.stdout.hasColors?.() ?? false
    console.log(json ? JSON.stringify(report, null, 2) : renderReport(report, { colour, all: all === true }))
    if (!report.ok) throw new CommandFailed(ExitCode.checkFailed)
  } catch (error) {
    if (!(error instanceof KitNotRunning)) throw error
    console.error(error.message)
    throw new CommandFailed(ExitCode.environmentLacks)
  }
}

/** To the standard error, so that the report alone can be piped. */
function showProgress(progress: VerifyProgress): void {
  console.error(
    progress.kind === 'sent'
      ? `${progress.requests} requests sent`
      : `${progress.what}: ${progress.passed} ok${progress.open > 0 ? `, ${progress.open} open` : ''}`,
  )
}

function seconds(text: string): number {
  const value = Number(text)
  if (value >= MIN_SECONDS && value <= MAX_SECONDS) return value
  throw new InvalidArgumentError(`expected a number of seconds from ${MIN_SECONDS} to ${MAX_SECONDS}`)
}
