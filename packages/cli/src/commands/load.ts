import { statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import {
  ExitCode,
  environmentLacks,
  loadScenarios,
  messageOf,
  REPOSITORY_ROOT,
  wrongUse,
} from '@faultline/runtime'
import { BinaryUnavailableError } from '@faultline/toolchain'
import { Command, InvalidArgumentError } from 'commander'
import { COMPOSE_OPTION, CommandFailed, connectKit, type WhichKit } from '../kit.ts'

/** @see https://github.com/grafana/k6/blob/master/errext/exitcodes/codes.go */
const REASONS: Readonly<Record<number, string>> = { 99: 'A threshold failed.', 105: 'Ended early.' }

/**
 * Most iterations a second, 50 times everyday traffic: k6 makes a virtual user for each that is under way, and took 0.8 GB
 * for 1000 of them before its first request; of a shop that becomes slow it makes five times as many.
 */
const MAX_RATE = 1000
/** Longest load, in hours: k6 keeps every sample of a run in memory for the percentiles of its summary. */
const MAX_HOURS = 24

interface LoadOptions extends WhichKit {
  duration?: string
  rate?: number
  ledger?: string
}

export function loadCommand(): Command {
  return new Command('load')
    .description('Run a k6 scenario against the running kit. Exit code 1 when one of its thresholds fails.')
    .argument('<scenario>', 'smoke, steady … (a file in loadtests/src)')
    .option('--duration <time>', `such as 90s or 1h30m, at most ${MAX_HOURS}h`, duration)
    .option('--rate <n>', `iterations a second, from 1 to ${MAX_RATE}`, rate)
    .option('--ledger <file>', 'append a line of JSON for each order that the shop acknowledged', ledger)
    .option(...COMPOSE_OPTION)
    .addHelpText('after', '\nExample:\n  npx faultline load steady --duration 5m --rate 30\n')
    .action(load)
}

async function load(scenario: string, { compose, ...options }: LoadOptions): Promise<void> {
  await requireReadSettings(scenario, options)
  await using runtime = await connectKit({ compose })
  const abort = new AbortController()
  process.on('SIGTERM', () => abort.abort())
  // a program that runs the command and has opened a channel to it, such as a test, is gone
  process.on('disconnect', () => abort.abort())
  process.channel?.unref()
  // the terminal sends Ctrl-C to k6 as well, and two of them would make it drop its summary
  process.on('SIGINT', () => {
    if (!process.stdin.isTTY) abort.abort()
  })
  const { exitCode } = await runtime
    .runLoad(scenario, { ...options, signal: abort.signal, output: 'inherit' })
    .catch((error: unknown) => {
      if (!compose || !(error instanceof BinaryUnavailableError)) throw error
      const inContainer = 'Or in a container: docker compose --profile load run --rm k6'
      throw environmentLacks(`${messageOf(error)}\n${inContainer}`)
    })
  if (exitCode === 0) return
  console.error(REASONS[exitCode] ?? `k6 ended with exit code ${exitCode}.`)
  throw new CommandFailed(ExitCode.checkFailed)
}

/**
 * Not every script reads every setting: one that would be ignored is refused.
 * @throws StackError (wrong use) also when there is no such scenario
 */
async function requireReadSettings(
  scenario: string,
  settings: Pick<LoadOptions, 'duration' | 'rate'>,
): Promise<void> {
  const scenarios = await loadScenarios()
  if (!scenarios.includes(scenario)) {
    throw wrongUse(`there is no load scenario "${scenario}"; there are ${scenarios.join(', ')}`)
  }
  const script = await readFile(join(REPOSITORY_ROOT, 'loadtests/src', `${scenario}.ts`), 'utf8')
  // the functions of loadtests/src/lib/settings.ts that read DURATION and RATE
  const readBy = { duration: /\bduration(Seconds)?\(/, rate: /\bratePerSecond\(/ }
  const ignored = (['duration', 'rate'] as const).filter(
    (name) => settings[name] !== undefined && !readBy[name].test(script),
  )
  if (ignored.length === 0) return
  const options = ignored.map((name) => `--${name}`).join(' and no ')
  throw wrongUse(`${scenario} takes no ${options}: its script says how much it does`)
}

/** In the one spelling that every script can read. */
function duration(text: string): string {
  const parts = /^(?=\d)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text)
  const [hours = 0, minutes = 0, seconds = 0] = parts?.slice(1).map((part) => Number(part ?? 0)) ?? []
  const total = (hours * 60 + minutes) * 60 + seconds
  if (total >= 1 && total <= MAX_HOURS * 3600) return text
  throw new InvalidArgumentError(`expected a duration such as 90s, 5m or 1h30m, from 1s to ${MAX_HOURS}h`)
}

function rate(text: string): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= 1 && value <= MAX_RATE) return value
  throw new InvalidArgumentError(`expected a whole number from 1 to ${MAX_RATE}`)
}

function ledger(file: string): string {
  const path = resolve(file)
  const folder = statSync(dirname(path), { throwIfNoEntry: false })
  if (!folder?.isDirectory()) throw new InvalidArgumentError(`there is no folder ${dirname(path)}`)
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
    throw new InvalidArgumentError(`${path} is a folder`)
  }
  return path
}
