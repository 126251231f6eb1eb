import { type Backends, createBackends } from '@faultline/backends-client'
import type { Endpoints, Runtime } from '@faultline/runtime'
import type { Drill } from './drill.ts'
import { createInjector, type Injector } from './faults.ts'
import type { Journal } from './journal.ts'
import type { PhaseName } from './verdict.ts'

/** What a drill tells while it runs. */
export type Progress =
  | { readonly kind: 'phase'; readonly phase: 'preparation' | PhaseName | 'report'; readonly text: string }
  | { readonly kind: 'event'; readonly text: string }
  /** How far the evidence is, from time to time. */
  | { readonly kind: 'evidence'; readonly met: readonly string[]; readonly open: readonly string[] }

export interface DrillOptions {
  readonly runtime: Runtime
  readonly stateDir: string
  readonly drill: Drill
  /** False runs the control: everything but the fault. */
  readonly fault: boolean
  /** Ends once the evidence is there and leaves the fault in. */
  readonly keep: boolean
  readonly signal: AbortSignal
  readonly onProgress: (progress: Progress) => void
}

/** What all parts of a running drill need. */
export interface DrillContext extends Pick<DrillOptions, 'runtime' | 'drill' | 'fault' | 'keep'> {
  readonly endpoints: Endpoints
  readonly backends: Backends
  readonly injector: Injector
  readonly journal: Journal
  /** Aborted by people, and when the load ends before it should. */
  readonly signal: AbortSignal
  readonly tell: DrillOptions['onProgress']
}

export function createContext(options: DrillOptions, journal: Journal, signal: AbortSignal): DrillContext {
  const { runtime, drill, fault, keep, onProgress: tell } = options
  const endpoints = runtime.endpoints()
  const backends = createBackends(endpoints)
  return {
    runtime,
    drill,
    fault,
    keep,
    endpoints,
    backends,
    injector: createInjector(runtime),
    journal,
    signal,
    tell,
  }
}
