import { type Backends, createBackends } from '@faultline/backends-client'
import type { Endpoints, Runtime } from '@faultline/runtime'
import type { Drill } from './drill.ts'
import { createInjector, type Injector } from './faults/injector.ts'
import type { Journal } from './journal.ts'
import { createPagerClient, type PagerClient } from './pager-client.ts'
import type { Progress } from './progress.ts'

export interface DrillOptions {
  readonly runtime: Runtime
  readonly stateDir: string
  readonly drill: Drill
  /** False runs the control: everything but the fault. */
  readonly fault?: boolean
  /** Ends once the evidence is there and leaves the fault in. */
  readonly keep?: boolean
  readonly signal: AbortSignal
  readonly onProgress?: (progress: Progress) => void
}

/** What all parts of a running drill need. */
export interface DrillContext {
  readonly drill: Drill
  readonly runtime: Runtime
  readonly endpoints: Endpoints
  readonly backends: Backends
  readonly pager: PagerClient
  readonly injector: Injector
  readonly journal: Journal
  /** False in the control. */
  readonly fault: boolean
  readonly keep: boolean
  /** Aborted by people, and when the load ends before it should. */
  readonly signal: AbortSignal
  readonly tell: (progress: Progress) => void
}

export function createContext(options: DrillOptions, journal: Journal, signal: AbortSignal): DrillContext {
  const { runtime, drill, fault = true, keep = false, onProgress } = options
  const endpoints = runtime.endpoints()
  return {
    drill,
    runtime,
    endpoints,
    backends: createBackends(endpoints),
    pager: createPagerClient(endpoints.pager),
    injector: createInjector(runtime),
    journal,
    fault,
    keep,
    signal,
    tell: onProgress ?? (() => undefined),
  }
}
