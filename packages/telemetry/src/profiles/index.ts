import { readBoolean, readString } from '../environment.ts'
import { createQueue } from '../otlp/export-queue.ts'
import { resolveExporter } from '../otlp/exporter-options.ts'
import type { ProfilesPlugin } from './plugin.ts'
import { profileResource } from './profile-encoding.ts'
import { Profiler } from './profiler.ts'

export type { ProfilesPlugin } from './plugin.ts'

export interface ProfileOptions {
  /** Samples a second of the wall and CPU profile. */
  readonly sampleRateHz: number
  /** Milliseconds between two exports. */
  readonly flushIntervalMs: number
  /** Sample the live heap, too. */
  readonly heap: boolean
  /** Bytes of allocation between two heap samples. */
  readonly heapSampleIntervalBytes: number
  /** Link samples to the server or consumer span they ran in; needs Node 24. */
  readonly spanLabels: boolean
}

/** Every option of profiles, with its default. */
export const profileDefaults: ProfileOptions = {
  sampleRateHz: 100,
  flushIntervalMs: 10_000,
  heap: true,
  heapSampleIntervalBytes: 512 * 1024,
  spanLabels: true,
}

/**
 * CPU, wall time and live heap over OTLP: `startTelemetry({ profiles: profiles() })`. Off with
 * `FAULTLINE_PROFILES_EXPORTER=none`.
 */
export function profiles(options: Partial<ProfileOptions> = {}): ProfilesPlugin {
  return {
    start({ resource, exporter, observer, logger }) {
      if (readString(process.env, 'FAULTLINE_PROFILES_EXPORTER') === 'none') return undefined
      const spanLabels = readBoolean(process.env, 'FAULTLINE_PROFILES_SPAN_LABELS')
      const resolved = {
        ...profileDefaults,
        ...(spanLabels === undefined ? {} : { spanLabels }),
        ...options,
      }
      const queue = createQueue('profiles', resolveExporter('profiles', exporter, process.env), observer)
      const profiler = Profiler.start(resolved, queue, profileResource(resource), logger)
      if (!profiler) return undefined
      return {
        labels: profiler.hasLabels ? profiler : undefined,
        async shutdown(timeoutMs) {
          profiler.stop()
          await queue.close(timeoutMs)
        },
      }
    },
  }
}
