import { createRequire } from 'node:module'
import type * as Pprof from '@datadog/pprof'

export type { Pprof }

/** A profile as @datadog/pprof serializes it: pprof's tables with one-based ids. */
export type PprofProfile = ReturnType<typeof Pprof.time.stop>

/** Why there are no profiles, in words for the log. */
export interface Unavailable {
  readonly reason: string
}

/**
 * Loads the native profiler, when profiles are on and not before: it costs start time, and there may be no
 * build of it for this platform.
 */
export function loadPprof(): typeof Pprof | Unavailable {
  try {
    return createRequire(import.meta.url)('@datadog/pprof') as typeof Pprof
  } catch (error) {
    return { reason: error instanceof Error ? error.message : String(error) }
  }
}

/**
 * Whether samples can know their request. That needs AsyncContextFrame under AsyncLocalStorage, the default
 * from Node 24; before, a label would leak from one request into the next.
 */
export function supportsSpanLabels(version: string = process.versions.node): boolean {
  const flags = [...process.execArgv, process.env.NODE_OPTIONS ?? ''].join(' ')
  return Number.parseInt(version, 10) >= 24 && !flags.includes('--no-async-context-frame')
}
