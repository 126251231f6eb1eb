/**
 * The retry policy that a drill switches on to show what the protections are for: three more attempts at once after
 * any failure, each with the whole attempt timeout. It knows of no budget, breaker, bulkhead or deadline, and so
 * multiplies: n layers of it send up to 4^n requests for one.
 *
 * @see https://sre.google/sre-book/addressing-cascading-failures/ (retries in several layers)
 * @see https://www.usenix.org/conference/osdi22/presentation/huang-lexiang (metastable failures)
 */
import { IDEMPOTENCY_KEY_HEADER } from '@faultline/contracts'
import type { HttpRequest, Outcome } from './attempt.ts'

/** Attempts beyond the first. */
export const NAIVE_RETRIES = 3

export interface NaiveOptions {
  /** Sends the request once. */
  attempt: () => Promise<Outcome>
  /** Asked before each retry: who switches the policy off means what is under way, too. */
  stillNaive: () => boolean
  onRetry: () => void
  onTimeout: () => void
}

export async function callNaively(
  call: HttpRequest & { idempotent?: boolean },
  { attempt, stillNaive, onRetry, onTimeout }: NaiveOptions,
): Promise<Outcome> {
  const retries = isRepeatable(call) ? NAIVE_RETRIES : 0
  for (let retried = 0; ; retried++) {
    const outcome = await attempt()
    if (outcome.failure === 'timeout') onTimeout()
    if (outcome.failure === undefined || retried === retries || !stillNaive()) return outcome
    onRetry()
  }
}

/** A key makes whoever wrote such a client believe that a repeat is free. */
function isRepeatable({ method, headers, idempotent }: HttpRequest & { idempotent?: boolean }): boolean {
  return idempotent === true || method === 'GET' || headers?.[IDEMPOTENCY_KEY_HEADER] !== undefined
}
