import type { Endpoints } from './endpoints.ts'
import type { ComponentRecord } from './state/state-file.ts'

/**
 * `waiting` for its binary or for a component it depends on; `building` its binary; `starting` until its
 * readiness probe passes; `ready` (of a one-shot step: done); `unresponsive` when its process runs on after that but
 * no longer answers; `backoff` before the next try after a crash; `stopped` on request; `failed` when it was never ready
 * and its tries are used up.
 *
 * `unresponsive` is what a liveness probe finds, not a readiness probe: a component that answers 503, because of what it
 * depends on, stays `ready` (Docker's `unhealthy` would be both).
 */
export type ComponentState = ComponentRecord['state']

export interface ComponentStatus {
  name: string
  state: ComponentState
  pid?: number | undefined
  /** When the component entered its state, ISO 8601. */
  since: string
  /** Starts after the first one that were not asked for. */
  restarts: number
  /** Why it is in this state, for people: what it waits for, the last lines of its log after a crash. */
  detail?: string | undefined
  version?: string | undefined
  /** Path of the executable. */
  binary?: string | undefined
}

export interface LoadResult {
  /** k6's own exit code: 0 done, 99 a threshold failed. */
  exitCode: number
  /** k6's end-of-test summary, when it wrote one. */
  summary?: unknown
}

export interface RestartOverrides {
  /** Added to (and winning over) the component's environment. */
  env?: Record<string, string>
  /** Appended to the component's arguments. */
  args?: readonly string[]
}

export interface LoadOptions {
  /** k6 duration such as `90s` or `5m`; the scenario's own default otherwise. */
  duration?: string
  /** Iterations a second; the scenario's own default otherwise. */
  rate?: number
  /**
   * File to which a line of JSON is added for each order that the shop acknowledged; its folder must exist.
   * It is complete even when k6 is killed. See `loadtests/README.md`.
   */
  ledger?: string
  /** Further settings of the script, such as `BUYER_SHARE`. */
  settings?: Readonly<Record<string, string>>
  /** Ends the load early and gracefully. */
  signal?: AbortSignal
  /** Where k6's output goes: the terminal, or `logs/k6.log` in the state folder (the default). */
  output?: 'inherit' | 'log'
}

/** The running kit, whichever way it runs. Every method rejects with a `StackError` that says what to do. */
export interface Runtime extends AsyncDisposable {
  readonly kind: 'processes' | 'compose'
  /**
   * Where parts of the kit answer: the named ones, or all.
   * @throws StackError (environment) naming those of them that cannot be reached from this machine
   */
  endpoints<Name extends keyof Endpoints = keyof Endpoints>(...only: readonly Name[]): Pick<Endpoints, Name>
  status(): Promise<readonly ComponentStatus[]>
  /** Resolves when the component is ready. */
  start(component: string): Promise<void>
  /** Resolves when the component's process is gone; it is not restarted until `start`. */
  stop(component: string): Promise<void>
  /** Resolves when the component is ready again. Overrides hold until the next restart without them. */
  restart(component: string, overrides?: RestartOverrides): Promise<void>
  signal(component: string, signal: NodeJS.Signals): Promise<void>
  runLoad(scenario: string, options?: LoadOptions): Promise<LoadResult>
}
