import { setTimeout as delay } from 'node:timers/promises'
import { Agent, request } from 'undici'
import type { VerifyEndpoints } from '../context.ts'
import type { Station } from '../stack/reach.ts'
import type { Requester } from './requester.ts'

/** The first requests: over six seconds, so over three scrapes, 120 in all; fewer where answers are slow. */
const BURSTS = 12
const BURST = 10
const BURST_EVERY_MS = 500
const FIRST_MS = 12_000
/** So few that they are not taken for load. */
const VISITS = 4
const VISIT_EVERY_MS = 1_500
const VISIT_TIMEOUT_MS = 5_000
const VISITED_PATH = '/v1/concerts?limit=1'
/** Then a trickle while links are incomplete: an exemplar or a CPU sample is a matter of chance. */
const TRICKLE_EVERY_MS = 2_000
const MAX_REQUESTS = 300
/** Orders that are taken at most, a seat each, while none of them has been sampled by a profiler. */
const MAX_ORDERS = 4

/**
 * Sends the first of verify's own requests, and visits the edge meanwhile.
 *
 * @param unreached stations that do not answer
 */
export async function sendFirst(
  requester: Requester,
  endpoints: VerifyEndpoints,
  unreached: ReadonlySet<Station['name']>,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all([
    unreached.has('gateway') ? undefined : sendBursts(requester, unreached.has('collector'), signal),
    unreached.has('edge') ? undefined : visitEdge(endpoints, signal),
  ])
}

async function sendBursts(requester: Requester, unfollowed: boolean, signal: AbortSignal): Promise<void> {
  // What cannot be followed is not sent often.
  const bursts = unfollowed ? 1 : BURSTS
  const untilMs = Date.now() + FIRST_MS
  let prepared = false
  for (let nth = 0; (nth < bursts || !prepared) && Date.now() < untilMs; nth++) {
    if (!prepared) prepared = await requester.prepare()
    await Promise.all([requester.burst(BURST), delay(BURST_EVERY_MS, undefined, { signal })])
  }
}

/**
 * Visitors' requests at each port of the edge, so that its panels have something to show. Verify follows its other
 * requests through the gateway, as the edge takes away the trace that a visitor brings. Whether it answers is told by
 * another check; here a failure does not matter.
 */
async function visitEdge({ edge, edgeTls }: VerifyEndpoints, signal: AbortSignal): Promise<void> {
  // its certificate is by an authority of its own, which no machine knows
  const dispatcher = new Agent({ connect: { rejectUnauthorized: false } })
  const visit = async (base: string) => {
    const timeout = AbortSignal.timeout(VISIT_TIMEOUT_MS)
    const either = AbortSignal.any([signal, timeout])
    const { body } = await request(new URL(VISITED_PATH, base), { dispatcher, signal: either })
    await body.dump()
  }
  try {
    for (let nth = 0; nth < VISITS; nth++) {
      const visits = Promise.allSettled([edge, edgeTls].map(visit))
      await Promise.all([visits, delay(VISIT_EVERY_MS, undefined, { signal })])
    }
  } finally {
    await dispatcher.destroy()
  }
}

/**
 * Sends a few more requests and orders now and then.
 *
 * @param until when no more requests are needed
 * @param ordersUntil when no more orders are
 */
export async function sendMore(
  requester: Requester,
  until: Promise<unknown>,
  ordersUntil: Promise<unknown>,
  signal: AbortSignal,
): Promise<void> {
  const enough = abortedBy(until)
  const enoughOrders = abortedBy(ordersUntil)
  while (!enough.aborted && requester.sent.length + BURST <= MAX_REQUESTS) {
    if (!enoughOrders.aborted && requester.orders.length < MAX_ORDERS) await requester.takeOrder()
    await requester.burst(BURST)
    // ends earlier where one of the signals says so
    const either = AbortSignal.any([signal, enough])
    await delay(TRICKLE_EVERY_MS, undefined, { signal: either }).catch(() => {})
  }
  signal.throwIfAborted()
}

function abortedBy(settled: Promise<unknown>): AbortSignal {
  const controller = new AbortController()
  const abort = () => controller.abort()
  settled.then(abort, abort)
  return controller.signal
}
