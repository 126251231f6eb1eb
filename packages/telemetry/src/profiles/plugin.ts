import type { Resource } from '@opentelemetry/resources'
import type { ExporterOptions } from '../options.ts'
import type { ExportObserver, OutageLogger } from '../otlp/observer.ts'
import type { LabelSlot } from './label-slots.ts'

/** What a profile sample ran for. */
export interface SampleOrigin {
  readonly traceId: string
  readonly spanId: string
  /** Undefined until the router has run, and where there is none; read when a window is encoded. */
  route: string | undefined
  /** Of the message that was processed; a request has none. */
  readonly destination?: string
}

/** What `startTelemetry` hands to profiles. */
export interface ProfilesContext {
  readonly resource: Resource
  readonly exporter: Partial<ExporterOptions>
  readonly observer: ExportObserver
  readonly logger: OutageLogger
}

/** Links samples to the request or message that they were taken in. */
export interface SampleLabels {
  /** Lends a label for `origin`; undefined when too many are lent. Give it back with `release`. */
  label(origin: SampleOrigin): LabelSlot | undefined
  /** Runs code so that samples taken in it, also after an await, carry the label. */
  run<T>(label: LabelSlot, fn: () => T): T
  release(label: LabelSlot): void
}

/** Profiles that are being taken. */
export interface RunningProfiles {
  /** Undefined where samples cannot be linked. */
  readonly labels: SampleLabels | undefined
  /** Exports the last window and stops. @param timeoutMs bound in milliseconds */
  shutdown(timeoutMs: number): Promise<void>
}

/**
 * `profiles()` of `@faultline/telemetry/profiles`; an entry point of its own, so that everything else installs and
 * starts without a native module.
 */
export interface ProfilesPlugin {
  /** @returns undefined where profiles are off or the native profiler does not load, after a warning */
  start(context: ProfilesContext): RunningProfiles | undefined
}
