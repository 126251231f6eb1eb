import { setTimeout as delay } from 'node:timers/promises'
import type { Context } from './context.ts'
import { visitEdge } from './requests/visit-edge.ts'

export interface SendOptions {
  /** When no more requests are needed. */
  readonly until: Promise<unknown>
  readonly onSent: (requests: number) => void
}

/** The first requests: over six seconds, so over three scrapes, 120 in all; fewer where answers are slow. */
const BURSTS = 12
const BURST = 10
const BURST_EVERY_MS = 500
const FIRST_MS = 12_000
/** So few that they are not taken for load. */
const VISITS = 4
const VISIT_EVERY_MS = 1_500
/** Then a trickle while links are incomplete: an exemplar or a CPU sample is a matter of chance. */
const TRICKLE_EVERY_MS = 2_000
const MAX_REQUESTS = 300
/** Orders that are taken at most, a seat each, while none of them has been sampled by a profiler. */
const MAX_ORDERS = 4

/** Sends verify's own requests, and says in `found` when the first of them are out. */
export async function sendRequests(context: Context, { until, onSent }: SendOptions): Promise<void> {
  const { requester, found, signal, hopeless } = context
  await Promise.all([sendFirst(context), visit(context)])
  found.sentAtFirst = requester.sent.length
  found.sentUntilMs = Date.now()
  onSent(requester.sent.length)
  if (hopeless.size > 0) return
  const enough = new AbortController()
  const stop = () => enough.abort()
  until.then(stop, stop)
  while (!enough.signal.aborted && requester.sent.length + BURST <= MAX_REQUESTS) {
    if (!found.orderSampled && requester.orders.length < MAX_ORDERS) await requester.takeOrder()
    await requester.burst(BURST)
    await pause(TRICKLE_EVERY_MS, AbortSignal.any([signal, enough.signal]))
  }
  signal.throwIfAborted()
}

async function sendFirst({ requester, signal, hopeless }: Context): Promise<void> {
  if (hopeless.has('reach/gateway')) return
  // Whom nothing can be followed to is sent little.
  const bursts = hopeless.has('reach/collector') ? 1 : BURSTS
  const untilMs = Date.now() + FIRST_MS
  let prepared = false
  for (let nth = 0; (nth < bursts || !prepared) && Date.now() < untilMs; nth++) {
    if (!prepared) prepared = await requester.prepare()
    await Promise.all([requester.burst(BURST), delay(BURST_EVERY_MS, undefined, { signal })])
  }
}

/** Comes in by the edge as visitors do, over as many scrapes as the first requests. */
async function visit({ endpoints, signal, hopeless }: Context): Promise<void> {
  if (hopeless.has('reach/edge')) return
  for (let nth = 0; nth < VISITS; nth++) {
    await Promise.all([visitEdge(endpoints, signal), delay(VISIT_EVERY_MS, undefined, { signal })])
  }
}

/** Waits, or less where the signal ends it. */
async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => {})
}
