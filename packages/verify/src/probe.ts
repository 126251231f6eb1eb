import type { Context } from './context.ts'
import { pollUntil } from './poll.ts'
import type { TimedFinding } from './report/attribute.ts'
import type { Finding } from './report/check.ts'
import { matches } from './report/pattern.ts'

/**
 * Asks about one thing and judges the answers. It is asked again until each of its findings passes or is
 * final, so each answer stands for itself.
 */
export interface Probe {
  readonly name: string
  /** Time between two questions, in ms. Default 1 000. */
  readonly intervalMs?: number
  /** What is so now. No finding at all means "not yet". */
  observe(context: Context): Promise<readonly Finding[]>
}

export interface RunProbeOptions {
  /** Epoch ms after which the last findings stand. */
  readonly deadlineMs: number
  /** Ids of checks that failed for good or do not apply: what they explain is not waited for any longer. */
  readonly hopeless: ReadonlySet<string>
}

const DEFAULT_INTERVAL_MS = 1_000

export async function runProbe(
  probe: Probe,
  context: Context,
  options: RunProbeOptions,
): Promise<TimedFinding[]> {
  const startMs = Date.now()
  const findings = await pollUntil(
    () => probe.observe(context),
    (all) => all.length > 0 && all.every((finding) => isSettled(finding, options.hopeless)),
    {
      intervalMs: probe.intervalMs ?? DEFAULT_INTERVAL_MS,
      deadlineMs: options.deadlineMs,
      signal: context.signal,
    },
  )
  const durationMs = Date.now() - startMs
  return findings.map((finding) => ({ ...finding, durationMs }))
}

function isSettled(finding: Finding, hopeless: ReadonlySet<string>): boolean {
  return (
    finding.status === 'pass' ||
    finding.final === true ||
    (finding.explainedBy ?? []).some((pattern) => [...hopeless].some((id) => matches(id, pattern)))
  )
}
