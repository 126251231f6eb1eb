import type { Context } from './context.ts'
import { pollUntil } from './poll.ts'
import type { TimedFinding } from './report/attribute.ts'
import type { Finding } from './report/check.ts'
import type { Hop } from './report/hop.ts'
import { matches } from './report/pattern.ts'

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
  /** What is so now. No finding at all means "not yet". */
  observe(context: Context): Promise<readonly Finding[]>
}

const DEFAULT_INTERVAL_MS = 1_000
/** What has been asked when the deadline passes may still be answered. */
const LAST_ANSWER_MS = 2_000

/**
 * Findings of a probe, settled or at the deadline (epoch ms). What is explained by a check without hope is
 * not waited for any longer. Rejects only when the context's signal ends it.
 */
export async function runProbe(probe: Probe, context: Context, deadlineMs: number): Promise<TimedFinding[]> {
  const startMs = Date.now()
  const tooLate = AbortSignal.timeout(Math.max(0, deadlineMs - startMs) + LAST_ANSWER_MS)
  const signal = AbortSignal.any([context.signal, tooLate])
  const { intervalMs = DEFAULT_INTERVAL_MS } = probe
  let last: readonly Finding[] = []
  const ask = async () => {
    last = await probe.observe({ ...context, signal })
    return last
  }
  const settled = (all: readonly Finding[]) =>
    all.length > 0 && all.every((one) => isSettled(one, context.hopeless))
  try {
    await pollUntil(ask, settled, { intervalMs, deadlineMs, signal })
  } catch (error) {
    context.signal.throwIfAborted()
    if (!tooLate.aborted) throw error
  }
  const durationMs = Date.now() - startMs
  const findings = last.length > 0 ? last : [outOfTime(probe)]
  return findings.map((finding) => ({ ...finding, durationMs }))
}

function isSettled(finding: Finding, hopeless: ReadonlySet<string>): boolean {
  return (
    finding.status === 'pass' ||
    finding.final === true ||
    (finding.explainedBy ?? []).some((pattern) => [...hopeless].some((id) => matches(id, pattern)))
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
