import { ExitCode, messageOf, StackError } from '@faultline/runtime'
import { BinaryUnavailableError } from '@faultline/toolchain'
import { Command, InvalidArgumentError } from 'commander'
import { CommandFailed } from '../command-failed.ts'
import { COMPOSE_OPTION, connectKit, type WhichKit } from '../kit.ts'

/** @see https://github.com/grafana/k6/blob/master/errext/exitcodes/codes.go */
const REASONS: Readonly<Record<number, string>> = { 99: 'A threshold failed.', 105: 'Ended early.' }

interface LoadOptions extends WhichKit {
  duration?: string
  rate?: number
  ledger?: string
}

export function loadCommand(): Command {
  return new Command('load')
    .description('Run a k6 scenario against the running kit. Exit code 1 when one of its thresholds fails.')
    .argument('<scenario>', 'smoke, steady … (a file in loadtests/src)')
    .option('--duration <time>', 'such as 90s or 5m', duration)
    .option('--rate <n>', 'iterations a second', rate)
    .option('--ledger <file>', 'append a line of JSON for each order that the shop acknowledged')
    .option(...COMPOSE_OPTION)
    .addHelpText('after', '\nExample:\n  npx faultline load steady --duration 5m --rate 30\n')
    .action(load)
}

async function load(scenario: string, { compose, ...options }: LoadOptions): Promise<void> {
  await using runtime = await connectKit({ ...(compose && { compose }) })
  const abort = new AbortController()
  process.on('SIGTERM', () => abort.abort())
  // the terminal sends Ctrl-C to k6 as well, and two of them would make it drop its summary
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) abort.abort()
  })
  const { exitCode } = await runtime
    .runLoad(scenario, { ...options, signal: abort.signal, output: 'inherit' })
    .catch((error: unknown) => {
      if (!compose || !(error instanceof BinaryUnavailableError)) throw error
      const inContainer = 'Or in a container: docker compose --profile load run --rm k6'
      throw new StackError(`${messageOf(error)}\n${inContainer}`, ExitCode.environmentLacks)
    })
  if (exitCode === 0) return
  console.error(REASONS[exitCode] ?? `k6 ended with exit code ${exitCode}.`)
  throw new CommandFailed(ExitCode.checkFailed)
}

function duration(text: string): string {
  if (/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) return text
  throw new InvalidArgumentError('expected a duration such as 90s, 5m or 1h30m')
}

function rate(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw new InvalidArgumentError('expected a whole number above 0')
}
