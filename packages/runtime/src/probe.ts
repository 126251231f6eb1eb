import { setTimeout as delay } from 'node:timers/promises'
import { assertReady, Refusal } from '@faultline/ready'
import { messageOf } from './errors.ts'

const INTERVAL_MS = 100
const ATTEMPT_TIMEOUT_MS = 2000
/** Between the beginnings of two probes of a component that was ready. */
const LIVENESS_INTERVAL_MS = 2000
/** For an answer of a component that was ready: longer than a busy machine makes anybody wait. */
const LIVENESS_TIMEOUT_MS = 5000

/**
 * Tries a probe every 100 ms until it passes.
 * @throws the last failure once the signal is aborted
 */
export async function waitUntilReady(probe: URL, signal: AbortSignal): Promise<void> {
  let failure: unknown
  for (;;) {
    try {
      return await assertReady(probe, AbortSignal.any([signal, AbortSignal.timeout(ATTEMPT_TIMEOUT_MS)]))
    } catch (error) {
      // that the last try was cut short says less than how the one before it failed
      if (!signal.aborted) failure = error
      else throw failure ?? error
    }
    await delay(INTERVAL_MS, undefined, { signal }).catch(() => Promise.reject(failure))
  }
}

/** A probe that was not answered. */
export interface Silence {
  readonly reason: string
  /** Time that it stands for, in ms. */
  readonly forMs: number
}

/**
 * Probes a component that was ready every 2 s, one probe at a time, until the signal is aborted; yields nothing for an
 * answer. Any answer counts, whatever it says: a 503 is one, a refused connection or none within 5 s is silence.
 */
export async function* liveness(probe: URL, signal: AbortSignal): AsyncGenerator<Silence | undefined, void> {
  while (!signal.aborted) {
    const began = performance.now()
    const reason = await whySilent(probe, signal)
    if (signal.aborted) return
    const tookMs = performance.now() - began
    // of a machine that was suspended meanwhile the clock says nothing: a probe stands for its own timeout at most
    const forMs = Math.min(Math.max(tookMs, LIVENESS_INTERVAL_MS), LIVENESS_TIMEOUT_MS)
    yield reason === undefined ? undefined : { reason, forMs }
    await delay(Math.max(0, LIVENESS_INTERVAL_MS - tookMs), undefined, { signal }).catch(() => undefined)
  }
}

async function whySilent(probe: URL, signal: AbortSignal): Promise<string | undefined> {
  const timeout = AbortSignal.timeout(LIVENESS_TIMEOUT_MS)
  try {
    await assertReady(probe, AbortSignal.any([signal, timeout]))
  } catch (error) {
    if (error instanceof Refusal) return undefined
    return timeout.aborted ? `no answer within ${LIVENESS_TIMEOUT_MS / 1000} s` : messageOf(error)
  }
  return undefined
}
