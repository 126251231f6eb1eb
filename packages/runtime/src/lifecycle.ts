import type { ComponentState } from './runtime.ts'

/** How a component that ends by itself, or hangs, is started again. */
export interface RestartPolicy {
  /** Tries in a row that may end before the component was ever ready; then it is `failed`. */
  readonly attempts: number
  /** Delay before the second try, in ms; doubled for each further one. */
  readonly initialDelayMs: number
  /** Longest delay, in ms. */
  readonly maxDelayMs: number
  /** Once ready for so long, in ms, the next crash counts as the first. */
  readonly stableAfterMs: number
  /** Once ready, a component that has not answered for so long, in ms, is `unresponsive`. */
  readonly unresponsiveAfterMs: number
  /** Once ready, a component that has not answered for so long, in ms, is terminated and started again. */
  readonly terminateAfterMs: number
}

/**
 * A component that was ready once is restarted for as long as the kit runs: drills crash components on purpose.
 *
 * 15 s without an answer are three probes in a row that time out, as many as Kubernetes' liveness probe allows by
 * default (`failureThreshold`), so that one long pause of the machine alarms nobody. 120 s are longer than the fault of
 * any drill (75 s at most), and than TelemetryTargetDown (a minute) and DependencyUnreachable (a minute and a half) take
 * to fire: a hang that is rehearsed with SIGSTOP lasts until whoever rehearses it has seen the alert.
 */
export const DEFAULT_RESTART_POLICY: RestartPolicy = {
  attempts: 4,
  initialDelayMs: 500,
  maxDelayMs: 15_000,
  stableAfterMs: 30_000,
  unresponsiveAfterMs: 15_000,
  terminateAfterMs: 120_000,
}

/** What the supervisor knows of a component's life; changed only by {@link advance}. */
export interface Lifecycle {
  readonly state: ComponentState
  /** Starts after the first one that were not asked for. */
  readonly restarts: number
  /** Tries in a row that ended by themselves. */
  readonly failures: number
  /** Ready at least once since the last `start`. */
  readonly everReady: boolean
  /** In `backoff`: delay before the next try, in ms. */
  readonly retryInMs?: number
  /** In `ready` and `unresponsive`: for how long it has not answered, in ms; without it the last probe was answered. */
  readonly silentMs?: number
}

export type LifecycleEvent =
  | { readonly type: 'building' }
  | { readonly type: 'built' }
  /** The binary is not available. */
  | { readonly type: 'unavailable' }
  /** A try begins. */
  | { readonly type: 'starting' }
  | { readonly type: 'ready' }
  /** Ready before, it answered a probe, whatever it said. */
  | { readonly type: 'answered' }
  /** Ready before, it did not answer a probe, which stands for so much time. */
  | { readonly type: 'silent'; readonly forMs: number }
  /** The process ended, or could not be started, without a request. */
  | { readonly type: 'ended'; readonly readyForMs: number }
  | { readonly type: 'stop' }
  | { readonly type: 'start' }

export const INITIAL: Lifecycle = { state: 'waiting', restarts: 0, failures: 0, everReady: false }

/** The next step in a component's life. Events that mean nothing in a state leave it as it is. */
export function advance(life: Lifecycle, event: LifecycleEvent, policy: RestartPolicy): Lifecycle {
  switch (event.type) {
    case 'building':
      return life.state === 'waiting' ? { ...life, state: 'building' } : life
    case 'built':
      return life.state === 'building' ? { ...life, state: 'waiting' } : life
    case 'unavailable':
      return life.state === 'building' || life.state === 'waiting' ? { ...life, state: 'failed' } : life
    case 'starting':
      return starting(life)
    case 'ready':
      return life.state === 'starting' ? { ...life, state: 'ready', everReady: true } : life
    case 'answered':
      return life.silentMs === undefined ? life : { ...settled(life), state: 'ready' }
    case 'silent':
      return isUp(life) ? silent(life, event.forMs, policy) : life
    case 'ended':
      return life.state === 'starting' || isUp(life) ? ended(settled(life), event.readyForMs, policy) : life
    case 'stop':
      return { ...settled(life), state: 'stopped' }
    case 'start':
      return life.state === 'stopped' || life.state === 'failed' || life.state === 'backoff'
        ? { ...INITIAL, restarts: life.restarts }
        : life
  }
}

/** Whether a component has not answered for so long that only a new process helps. */
export function isGivenUp({ silentMs = 0 }: Lifecycle, policy: RestartPolicy): boolean {
  return silentMs >= policy.terminateAfterMs
}

/** Its process runs and was ready. */
function isUp({ state }: Lifecycle): boolean {
  return state === 'ready' || state === 'unresponsive'
}

function silent(life: Lifecycle, forMs: number, policy: RestartPolicy): Lifecycle {
  const silentMs = (life.silentMs ?? 0) + forMs
  return { ...life, silentMs, state: silentMs >= policy.unresponsiveAfterMs ? 'unresponsive' : life.state }
}

function starting(life: Lifecycle): Lifecycle {
  if (life.state === 'waiting') return { ...life, state: 'starting' }
  if (life.state !== 'backoff') return life
  return { ...settled(life), state: 'starting', restarts: life.restarts + 1 }
}

function ended(life: Lifecycle, readyForMs: number, policy: RestartPolicy): Lifecycle {
  const failures = (readyForMs >= policy.stableAfterMs ? 0 : life.failures) + 1
  if (!life.everReady && failures >= policy.attempts) return { ...life, state: 'failed', failures }
  return { ...life, state: 'backoff', failures, retryInMs: retryDelay(failures, policy) }
}

/** Without what belongs to the state that is left. */
function settled({ retryInMs: _, silentMs: __, ...life }: Lifecycle): Lifecycle {
  return life
}

/** Delay after the nth failure in a row, in ms. Without jitter: one supervisor has no herd to spread. */
function retryDelay(failures: number, { initialDelayMs, maxDelayMs }: RestartPolicy): number {
  return Math.min(initialDelayMs * 2 ** (failures - 1), maxDelayMs)
}
