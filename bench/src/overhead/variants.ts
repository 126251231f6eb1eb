import { join } from 'node:path'
import { REPOSITORY_ROOT } from '@faultline/runtime'

/** What the sink must have got from a variant before its figures count: else it did less work than the others. */
export type Signal = 'traces' | 'logs' | 'profiles'

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
  preload: join(REPOSITORY_ROOT, 'bench', 'stock', 'preload.mjs'),
  sends: ALL,
}

/** The same without a span for each Koa middleware, so that a request has as many spans as with ours. */
export const STOCK_WITHOUT_KOA: Variant = {
  ...STOCK,
  name: 'stock without koa',
  env: { OTEL_NODE_DISABLED_INSTRUMENTATIONS: 'koa' },
}

/** The package as it was when it had an engine of its own. @param entry its module, which `unpackEngine` gives */
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
