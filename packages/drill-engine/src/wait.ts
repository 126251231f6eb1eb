import { setTimeout as delay } from 'node:timers/promises'
import { drillClock } from '@faultline/slo'
import type { DrillContext } from './context.ts'
import { answered, EnvironmentFailure, type Page, pagesSince } from './environment.ts'
import { isPageOf } from './sli.ts'

export interface PollOptions {
  readonly intervalMs: number
  /** Epoch ms. */
  readonly deadlineMs: number
  readonly signal: AbortSignal
}

/** Asks until `done` or the deadline. @returns whether it was done */
export async function pollUntil(done: () => Promise<boolean>, options: PollOptions): Promise<boolean> {
  for (;;) {
    options.signal.throwIfAborted()
    if (await done()) return true
    const left = options.deadlineMs - Date.now()
    if (left <= 0) return false
    await delay(Math.min(options.intervalMs, left), undefined, { signal: options.signal })
  }
}

/** Within this what an earlier drill has left must have cleared up: the long window of the page, and half a minute more. */
const QUIET_WITHIN_MS = drillClock.pageWindowMs + 30_000
const POLL_MS = 1000
/** Requests at the gateway that one iteration of a drill's load makes, at most. */
const REQUESTS_PER_ITERATION = 4
/** Over the long window of the page. */
const TRAFFIC = `sum(rate(http_server_request_duration_seconds_count{service_name="gateway"}[${drillClock.pageWindowMs}ms]))`

const untilQuiet = (signal: AbortSignal, done: () => Promise<boolean>): Promise<boolean> =>
  pollUntil(done, { intervalMs: POLL_MS, deadlineMs: Date.now() + QUIET_WITHIN_MS, signal })

/**
 * Waits until none of the drill's alerts pages, and nothing that has fired since then.
 * @throws EnvironmentFailure when something goes on firing
 */
export async function untilNothingPages(
  { drill, endpoints, signal, tell }: DrillContext,
  sinceMs = Number.POSITIVE_INFINITY,
): Promise<void> {
  let firing: Page | undefined
  const quiet = await untilQuiet(signal, async () => {
    firing = (await pagesSince(endpoints.pager, Date.now())).find(
      ({ alert, severity, firedAtMs, resolvedAtMs }) =>
        resolvedAtMs === undefined &&
        (isPageOf(drill, alert) || (severity === 'page' && firedAtMs >= sinceMs)),
    )
    if (firing !== undefined) tell({ kind: 'event', text: `waiting for ${firing.alert} to resolve` })
    return firing === undefined
  })
  if (quiet) return
  throw new EnvironmentFailure(`${firing?.alert} fires before the drill began: the kit is not healthy`)
}

/**
 * Waits until the windows that the page looks back over hold little but a drill's own traffic: the good requests of
 * heavier load would hide the bad ones of the drill from the alert.
 * @throws EnvironmentFailure when other load goes on
 */
export async function untilAlone({ drill, backends, signal, tell }: DrillContext): Promise<void> {
  const atMost = drill.load.rate * REQUESTS_PER_ITERATION
  let rate = 0
  let told = false
  const alone = await untilQuiet(signal, async () => {
    const [traffic] = await answered(() => backends.prometheus.query(TRAFFIC))
    rate = traffic?.value ?? 0
    if (rate > atMost && !told) {
      tell({
        kind: 'event',
        text: `waiting until other load (${perSecond(rate)}) has left the alert's window`,
      })
      told = true
    }
    return rate <= atMost
  })
  if (alone) return
  throw new EnvironmentFailure(
    `other load is running, ${perSecond(rate)} at the gateway: end it, as it would hide the drill from the alerts`,
  )
}

const perSecond = (rate: number): string => `${rate.toFixed(1)} requests a second`
