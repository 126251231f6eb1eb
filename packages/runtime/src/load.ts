import { readdir, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { REPOSITORY_ROOT, resolveBinary } from '@faultline/toolchain'
import { execa } from 'execa'
import type { Addresses } from './endpoints.ts'
import { wrongUse } from './errors.ts'
import { keepPrevious, logFile, openLog } from './logs.ts'
import { baseEnvironment } from './process.ts'
import { argumentsOf, programOf, readImages, readKit } from './processes/parts.ts'
import { layOutRoot, rootFolder } from './processes/root.ts'
import { locateByAddress, Translator } from './processes/translate.ts'
import type { LoadOptions, LoadResult } from './runtime.ts'
import type { StateLayout } from './state/layout.ts'
import { makeFolder } from './state/storage.ts'

const SCRIPTS = join(REPOSITORY_ROOT, 'loadtests/src')
/** The service of the compose files that runs a scenario. */
const SERVICE = 'k6'
/** How long k6 may take to end its iterations once it is asked to stop, in ms. */
const STOP_TIMEOUT_MS = 45_000

interface LoadTarget {
  readonly layout: StateLayout
  /** Where the parts of the kit answer, by `service/port`. */
  readonly addresses: Addresses
}

/** Names of the scenarios that can be run, sorted. */
export async function loadScenarios(): Promise<readonly string[]> {
  const entries = await readdir(SCRIPTS, { withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts') && !entry.name.endsWith('.test.ts'))
    .map((entry) => entry.name.slice(0, -'.ts'.length))
    .sort()
}

/**
 * Runs a k6 scenario through the edge, as visitors come; k6's own metrics go to the collector.
 * @throws StackError (wrong use) when there is no such scenario; BinaryUnavailableError when there is no k6
 */
export async function runLoad(
  target: LoadTarget,
  scenario: string,
  options: LoadOptions,
): Promise<LoadResult> {
  const scenarios = await loadScenarios()
  if (!scenarios.includes(scenario)) {
    throw wrongUse(`there is no load scenario "${scenario}"; there are ${scenarios.join(', ')}`)
  }
  const k6 = await resolveBinary('k6', options.signal === undefined ? {} : { signal: options.signal })
  const { layout } = target
  const command = await commandOf(scenario, target)
  const summaryFile = join(layout.load, `${scenario}.json`)
  await makeFolder(layout.load)
  await rm(summaryFile, { force: true })
  const inherit = options.output === 'inherit'
  if (!inherit) keepPrevious(layout.logs, SERVICE)
  const output = inherit ? 'inherit' : await openLog(logFile(layout.logs, SERVICE))
  const result = await execa(k6.path, command.args, {
    cwd: command.folder,
    env: {
      ...baseEnvironment(),
      ...command.env,
      SUMMARY_PATH: summaryFile,
      DURATION: options.duration,
      RATE: options.rate?.toString(),
      // the script says each line on k6's console, which k6 appends to the file, unbuffered
      ...(options.ledger !== undefined && {
        LEDGER_PATH: options.ledger,
        K6_CONSOLE_OUTPUT: resolve(options.ledger),
        K6_LOG_FORMAT: 'raw',
      }),
      ...options.settings,
    },
    extendEnv: false,
    stdin: 'ignore',
    stdout: output,
    stderr: output,
    reject: false,
    killSignal: 'SIGINT',
    forceKillAfterDelay: STOP_TIMEOUT_MS,
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
  })
  if (typeof output !== 'string') output.close()
  const summary = await readSummary(summaryFile)
  return { exitCode: result.exitCode ?? 1, ...(summary === undefined ? {} : { summary }) }
}

/** What the compose files run for a scenario, as a process that asks the kit where it answers. */
async function commandOf(
  scenario: string,
  { layout, addresses }: LoadTarget,
): Promise<{ folder: string; args: readonly string[]; env: Record<string, string> }> {
  const model = await readKit([], { K6_SCENARIO: scenario })
  const service = model.services.get(SERVICE)
  if (service === undefined) throw new Error(`docker-compose.yml has no service ${SERVICE}`)
  const image = programOf(service, await readImages())
  const folder = rootFolder(layout, SERVICE)
  const translator = new Translator(service, {
    model,
    locate: locateByAddress(model, addresses),
    offset: 0,
  })
  const rewrite = (text: string) => translator.text(text)
  await layOutRoot({ folder, service, rewrites: image.rewrites, rewrite }, layout)
  return {
    folder,
    args: translator.words(argumentsOf(service, image)),
    env: translator.variables({ ...image.environment, ...service.environment }),
  }
}

async function readSummary(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch {
    // none: k6 was killed or the script failed before its end
    return undefined
  }
}
