/**
 * Loaded before the service: gives it the telemetry package of an earlier commit, behind today's interface.
 * `FAULTLINE_BENCH_ENGINE` is that package's main module.
 */
import { pathToFileURL } from 'node:url'
import type { Telemetry, TelemetryOptions } from '@faultline/telemetry'
import { redirect } from './redirect.ts'

const entry = process.env.FAULTLINE_BENCH_ENGINE
if (!entry) throw new Error('FAULTLINE_BENCH_ENGINE must be the main module of the package to measure')
const engine: { startTelemetry(options: object): Telemetry } = await import(pathToFileURL(entry).href)

redirect(
  ['@faultline/telemetry', '@faultline/telemetry/profiles'].map((name) => import.meta.resolve(name)),
  import.meta.url,
)

/** It took profiles by default, and their options as they are. */
export function startTelemetry(options: TelemetryOptions = {}): Telemetry {
  return engine.startTelemetry({ ...options, profiles: options.profiles ?? false })
}

/** What `@faultline/telemetry/profiles` exports. */
export function profiles(options: object = {}): object {
  return options
}
