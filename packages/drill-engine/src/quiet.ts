import type { Backends } from '@faultline/backends-client'
import { drillClock } from '@faultline/slo'
import type { DrillContext } from './context.ts'
import { EnvironmentFailure } from './errors.ts'
import { answered } from './evidence/ask.ts'
import type { Page } from './pager-client.ts'
import { pollUntil } from './poll.ts'
import { pagesOf } from './sli.ts'

const POLL_MS = 1000
/** Within this what an earlier drill has left must have cleared up: the long window of the page, and half a minute more. */
const QUIET_WITHIN_MS = drillClock.pageWindowMs + 30_000
/** Requests at the gateway that one iteration of a drill's load makes, at most. */
const REQUESTS_AN_ITERATION = 4
/** Over the long window of the page. */
const TRAFFIC = `sum(rate(http_server_request_duration_seconds_count{service_name="gateway"}[${drillClock.pageWindowMs}ms]))`

/**
 * Waits until none of the drill's alerts pages, and nothing that has fired since then.
 * @throws EnvironmentFailure when something goes on firing
 */
export async function untilNothingPages(
  { drill, pager, signal, tell }: DrillContext,
  sinceMs = Number.POSITIVE_INFINITY,
): Promise<void> {
  let firing: readonly Page[] = []
  const quiet = await pollUntil(
    async () => {
      const recent = await pager.since(Date.now())
      firing = recent.filter(
        ({ alert, severity, firedAtMs, resolvedAtMs }) =>
          resolvedAtMs === undefined &&
          (pagesOf(drill).includes(alert) || (severity === 'page' && firedAtMs >= sinceMs)),
      )
      if (firing.length > 0) tell({ kind: 'event', text: `waiting for ${firing[0]?.alert} to resolve` })
      return firing.length === 0
    },
    { intervalMs: POLL_MS, deadlineMs: Date.now() + QUIET_WITHIN_MS, signal },
  )
  if (quiet) return
  throw new EnvironmentFailure(`${firing[0]?.alert} fires before the drill began: the kit is not healthy`)
}

/**
 * Waits until the windows that the page looks back over hold little but a drill's own traffic: the good requests of
 * heavier load would hide the bad ones of the drill from the alert.
 * @throws EnvironmentFailure when other load goes on
 */
export async function untilAlone({ drill, backends, signal, tell }: DrillContext): Promise<void> {
  const atMost = drill.load.rate * REQUESTS_AN_ITERATION
  let rate = await traffic(backends)
  if (rate > atMost)
    tell({ kind: 'event', text: `waiting until other load (${perSecond(rate)}) has left the alert's window` })
  const alone = await pollUntil(
    async () => {
      rate = await traffic(backends)
      return rate <= atMost
    },
    { intervalMs: POLL_MS, deadlineMs: Date.now() + QUIET_WITHIN_MS, signal },
  )
  if (alone) return
  throw new EnvironmentFailure(
    `other load is running, ${perSecond(rate)} at the gateway: end it, as it would hide the drill from the alerts`,
  )
}

const perSecond = (rate: number): string => `${rate.toFixed(1)} requests a second`

async function traffic(backends: Backends): Promise<number> {
  const [series] = await answered(() => backends.prometheus.query(TRAFFIC))
  return series?.value ?? 0
}
