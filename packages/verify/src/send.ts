import { setTimeout as delay } from 'node:timers/promises'
import type { Context } from './context.ts'

export interface SendOptions {
  /** Checks that failed for good: with one of them, few requests tell as much as many. */
  readonly hopeless: ReadonlySet<string>
  /** When no more requests are needed. */
  readonly until: Promise<unknown>
  readonly onSent: (requests: number) => void
}

/** The first requests: over six seconds, so over three scrapes, 120 in all. */
const BURSTS = 12
const BURST = 10
const BURST_EVERY_MS = 500
/** Then a trickle while links are incomplete: an exemplar or a CPU sample is a matter of chance. */
const TRICKLE_EVERY_MS = 2_000
const MAX_REQUESTS = 300

/** Sends verify's own requests, and says in `found` when the first of them are out. */
export async function sendRequests(
  { requester, found, signal }: Context,
  options: SendOptions,
): Promise<void> {
  const { hopeless, until, onSent } = options
  await requester.prepare()
  await requester.bursts(
    hopeless.has('reach/gateway') ? 0 : hopeless.has('reach/collector') ? 1 : BURSTS,
    BURST,
    BURST_EVERY_MS,
  )
  found.sentAtFirst = requester.sent.length
  found.sentUntilMs = Date.now()
  onSent(requester.sent.length)
  const enough = new AbortController()
  const stop = () => enough.abort()
  until.then(stop, stop)
  if (hopeless.size > 0) return
  while (!enough.signal.aborted && requester.sent.length + BURST <= MAX_REQUESTS) {
    await requester.burst(BURST)
    await delay(TRICKLE_EVERY_MS, undefined, { signal: AbortSignal.any([signal, enough.signal]) }).catch(
      () => {},
    )
  }
  signal.throwIfAborted()
}
