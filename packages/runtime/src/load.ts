import { mkdir, readdir, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { REPOSITORY_ROOT, resolveBinary } from '@faultline/toolchain'
import { execa } from 'execa'
import { baseEnvironment } from './environment.ts'
import { wrongUse } from './errors.ts'
import { keepPrevious, logFile, openLog } from './logs.ts'
import type { Endpoints, LoadOptions, LoadResult } from './runtime.ts'
import type { StateLayout } from './state/layout.ts'

const SCRIPTS = join(REPOSITORY_ROOT, 'loadtests/src')
/** As often as services are scraped. */
const EXPORT_INTERVAL = '2s'
/** How long k6 may take to end its iterations once it is asked to stop, in ms. */
const STOP_TIMEOUT_MS = 45_000
const LOG = 'k6'

export interface LoadTarget {
  readonly layout: StateLayout
  readonly endpoints: Pick<Endpoints, 'edge' | 'collectorOtlpHttp'>
}

/** Names of the scenarios that can be run, sorted. */
export async function loadScenarios(folder: string = SCRIPTS): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true })
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
  const { layout, endpoints } = target
  const summaryFile = join(layout.load, `${scenario}.json`)
  await mkdir(layout.load, { recursive: true })
  await rm(summaryFile, { force: true })
  const inherit = options.output === 'inherit'
  if (!inherit) keepPrevious(layout.logs, LOG)
  const output = inherit ? 'inherit' : await openLog(logFile(layout.logs, LOG))
  const result = await execa(
    k6.path,
    [
      'run',
      '--no-usage-report',
      // its REST API has one fixed port, which a second load at the same time could not have
      '--address=',
      '--out=opentelemetry',
      join(SCRIPTS, `${scenario}.ts`),
    ],
    {
      env: {
        ...baseEnvironment(),
        GATEWAY_URL: endpoints.edge,
        SUMMARY_PATH: summaryFile,
        ...(options.duration === undefined ? {} : { DURATION: options.duration }),
        ...(options.rate === undefined ? {} : { RATE: String(options.rate) }),
        ...(options.ledger === undefined ? {} : ledgerEnvironment(options.ledger)),
        ...options.settings,
        ...outputEnvironment(endpoints, scenario),
      },
      extendEnv: false,
      stdin: 'ignore',
      stdout: output,
      stderr: output,
      reject: false,
      killSignal: 'SIGINT',
      forceKillAfterDelay: STOP_TIMEOUT_MS,
      ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    },
  )
  if (typeof output !== 'string') output.close()
  const summary = await readSummary(summaryFile)
  return { exitCode: result.exitCode ?? 1, ...(summary === undefined ? {} : { summary }) }
}

/** @see https://grafana.com/docs/k6/latest/results-output/real-time/opentelemetry/ */
function outputEnvironment(endpoints: LoadTarget['endpoints'], scenario: string): Record<string, string> {
  return {
    K6_OTEL_SERVICE_NAME: 'k6',
    K6_OTEL_METRIC_PREFIX: 'k6_',
    K6_OTEL_EXPORTER_PROTOCOL: 'http/protobuf',
    K6_OTEL_HTTP_EXPORTER_ENDPOINT: new URL(endpoints.collectorOtlpHttp).host,
    K6_OTEL_HTTP_EXPORTER_INSECURE: 'true',
    K6_OTEL_EXPORT_INTERVAL: EXPORT_INTERVAL,
    // two scenarios at the same time would write into each other's series
    OTEL_RESOURCE_ATTRIBUTES: `service.instance.id=k6-${scenario}`,
  }
}

/** The script says each line on k6's console, which k6 appends to the file, unbuffered. */
function ledgerEnvironment(file: string): Record<string, string> {
  return { LEDGER_PATH: file, K6_CONSOLE_OUTPUT: resolve(file), K6_LOG_FORMAT: 'raw' }
}

async function readSummary(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'))
  } catch {
    // none: k6 was killed or the script failed before its end
    return undefined
  }
}
