import { setTimeout as delay } from 'node:timers/promises'
import { matches, type TimedFinding } from './report/attribute.ts'
import type { Finding, Hop } from './report/check.ts'

/**
 * Asks about one thing and judges the answers. It is asked again until each of its findings passes or is
 * final, so each answer stands for itself.
 */
export interface Probe {
  readonly name: string
  /** Where the first of its findings belongs. */
  readonly hop: Hop
  /** Time between two questions, in ms. Default 1 000. */
  readonly intervalMs?: number
  /** Whether what has not come by now does not come any more: then its findings are final. */
  late?(): boolean
  /** What is so now. No finding at all means "not yet". */
  observe(): Promise<readonly Finding[]>
}

export interface ProbeLimits {
  /** Epoch ms after which the last findings stand. */
  readonly deadlineMs: number
  /** Ends all calls to backends some time after the deadline, in which they may still be answered. */
  readonly tooLate: AbortSignal
  /** Ends verify. */
  readonly signal: AbortSignal
  /** Ids of checks that failed for good or do not apply. */
  readonly hopeless: ReadonlySet<string>
}

const DEFAULT_INTERVAL_MS = 1_000

/**
 * Findings of a probe, settled or at the deadline. What is explained by a check without hope is not waited for any
 * longer. Rejects when `signal` ends it, and with errors that are no backend's.
 */
export async function runProbe(
  probe: Probe,
  { deadlineMs, tooLate, signal, hopeless }: ProbeLimits,
): Promise<TimedFinding[]> {
  const startMs = Date.now()
  const { intervalMs = DEFAULT_INTERVAL_MS } = probe
  let last: readonly Finding[] = []
  try {
    for (;;) {
      const late = probe.late?.() ?? false
      last = await probe.observe()
      const leftMs = deadlineMs - Date.now()
      if (leftMs <= 0 || (last.length > 0 && (late || last.every((one) => isSettled(one, hopeless))))) break
      await delay(Math.min(intervalMs, leftMs), undefined, { signal })
    }
  } catch (error) {
    signal.throwIfAborted()
    if (!tooLate.aborted) throw error
  }
  const durationMs = Date.now() - startMs
  return (last.length > 0 ? last : [outOfTime(probe)]).map((finding) => ({ ...finding, durationMs }))
}

function isSettled({ status, final, explainedBy = [] }: Finding, hopeless: ReadonlySet<string>): boolean {
  return (
    status === 'pass' ||
    final === true ||
    explainedBy.some((pattern) => [...hopeless].some((id) => matches(id, pattern)))
  )
}

function outOfTime({ name, hop }: Probe): Finding {
  return {
    id: `probe/${name}`,
    hop,
    status: 'fail',
    expected: 'an answer in time',
    seen: 'none before the deadline',
    query: name,
    likelyCause: 'a backend or the gateway is slow, or stuck',
    nextStep: 'faultline status; give verify more time with --timeout',
    explainedBy: ['reach/*', 'requests', 'signal/*'],
  }
}
