import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { REPOSITORY_ROOT } from '@faultline/runtime'
import { execa } from 'execa'
import { request } from 'undici'

const STOCK_FOLDER = join(REPOSITORY_ROOT, 'bench', 'stock')

/** What the sink must have got from a variant before its figures count: else it did less work than the others. */
type Signal = 'traces' | 'logs' | 'profiles'

/** What is measured: the gateway under one way of instrumenting it. */
export interface Variant {
  readonly name: string
  readonly env: Readonly<Record<string, string>>
  /** Module that is loaded before the service. */
  readonly preload?: string
  readonly sends: readonly Signal[]
}

const SWITCHES = {
  traces: 'OTEL_TRACES_EXPORTER',
  logs: 'OTEL_LOGS_EXPORTER',
  metrics: 'OTEL_METRICS_EXPORTER',
  profiles: 'FAULTLINE_PROFILES_EXPORTER',
} as const

const ALL: readonly Signal[] = ['traces', 'logs', 'profiles']

/** The gateway with its telemetry switched off. */
export const OFF: Variant = { name: 'off', env: { OTEL_SDK_DISABLED: 'true' }, sends: [] }

/** The package as it is in the tree. */
export const FAULTLINE: Variant = { name: 'faultline', env: {}, sends: ALL }

/** The same spans and log records, sent by the SDK's own processors and exporters. */
export const SDK_PROCESSORS: Variant = {
  name: 'sdk-processors',
  env: {},
  preload: join(import.meta.dirname, 'preload', 'sdk-processors.ts'),
  sends: ALL,
}

/** The usual set-up with its defaults, the gateway's own telemetry off: of log lines only those of the start. */
export const STOCK: Variant = {
  name: 'stock',
  env: {},
  preload: join(STOCK_FOLDER, 'preload.mjs'),
  sends: ALL,
}

/** The same without a span for each Koa middleware, so that a request has as many spans as with ours. */
export const STOCK_WITHOUT_KOA: Variant = {
  ...STOCK,
  name: 'stock without koa',
  env: { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'koa' },
}

/** The package as it was when it had an engine of its own. @param entry its main module, from `unpackEngine` */
export function engineBefore(entry: string): Variant {
  return {
    name: ENGINE_BEFORE,
    env: { FAULTLINE_BENCH_ENGINE: entry },
    preload: join(import.meta.dirname, 'preload', 'engine-before.ts'),
    sends: ALL,
  }
}

export const ENGINE_BEFORE = 'engine-before'

/** Each signal of the package alone. */
export const SINGLE_SIGNALS: readonly Variant[] = Object.keys(SWITCHES).map((signal) => ({
  name: `faultline, ${signal} alone`,
  env: Object.fromEntries(
    Object.entries(SWITCHES).flatMap(([other, variable]) => (other === signal ? [] : [[variable, 'none']])),
  ),
  sends: ALL.filter((sent) => sent === signal),
}))

/** Brings the stock set-up's packages, which the kit itself does not need. */
export async function installStock(): Promise<void> {
  console.log('installing the stock set-up to compare with (bench/stock) …')
  const output = { stdout: 'ignore', stderr: 'inherit' } as const
  await execa('npm', ['ci', '--no-audit', '--no-fund'], { cwd: STOCK_FOLDER, ...output })
}

/** The last commit at which the telemetry package had spans, contexts and propagators of its own. */
const COMMIT = 'f99695ff72dbc2d68857cb4fffb3bd91f12aeaa3'
/** Inside the repository, so that its imports find the repository's packages. */
const FOLDER = join(REPOSITORY_ROOT, 'bench', 'dist')

export interface UnpackedEngine extends AsyncDisposable {
  /** The package's main module. */
  readonly entry: string
}

/**
 * Unpacks the telemetry package of {@link COMMIT} out of the repository's history, until disposed.
 * @returns undefined where the history does not go back so far, as in a shallow clone
 */
export async function unpackEngine(): Promise<UnpackedEngine | undefined> {
  const git = execa({ cwd: REPOSITORY_ROOT, encoding: 'buffer', reject: false })
  const { exitCode } = await git`git cat-file -e ${COMMIT}`
  if (exitCode !== 0) return undefined
  await mkdir(FOLDER, { recursive: true })
  const folder = await mkdtemp(join(FOLDER, 'engine-'))
  await using unpacking = new AsyncDisposableStack()
  unpacking.defer(() => rm(folder, { recursive: true, force: true }))
  await execa({ cwd: REPOSITORY_ROOT })`git archive ${COMMIT} packages/telemetry`.pipe`tar -x -C ${folder}`
  const unpacked = unpacking.move()
  return {
    entry: join(folder, 'packages', 'telemetry', 'src', 'index.ts'),
    [Symbol.asyncDispose]: () => unpacked.disposeAsync(),
  }
}

/** Each variant sends to a path of its own, so that the sink can keep them apart. */
export function sinkOf(variant: Variant, sink: string): string {
  return `${sink}/${encodeURIComponent(variant.name)}`
}

/** The ends of the paths that a signal may be sent to. */
const PATHS: Readonly<Record<Signal, readonly string[]>> = {
  traces: ['/v1/traces'],
  logs: ['/v1/logs'],
  profiles: ['/v1development/profiles', '/ingest'],
}

/** The stock profiler sends once a minute. */
const DEADLINE_MS = 90_000

/**
 * Waits until the sink has got from every variant all that it should send.
 * @throws Error that names what did not come: figures of a variant that did less work would be worth nothing
 */
export async function untilReceived(variants: readonly Variant[], sink: string): Promise<void> {
  const deadline = Date.now() + DEADLINE_MS
  for (;;) {
    const { body } = await request(sink)
    const received = (await body.json()) as Record<string, number>
    const missing = variants.flatMap((variant) => {
      const { pathname } = new URL(sinkOf(variant, sink))
      const lacking = variant.sends.filter(
        (signal) => !PATHS[signal].some((path) => received[pathname + path]),
      )
      return lacking.length === 0 ? [] : [`${lacking.join(', ')} of "${variant.name}"`]
    })
    if (missing.length === 0) return
    if (Date.now() > deadline) throw new Error(`not sent, so not comparable: ${missing.join('; ')}`)
    await delay(500)
  }
}
