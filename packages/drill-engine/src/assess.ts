import { drillClock } from '@faultline/slo'
import type { DrillContext } from './context.ts'
import { type Evidence, isBeyond, thresholdText } from './drill.ts'
import type { Answer, Window } from './evidence/answer.ts'
import { answered, ask, askMetric } from './evidence/ask.ts'
import { findCause, type SeenCause } from './evidence/cause.ts'
import { evaluate } from './evidence/evaluate.ts'
import { metricValue } from './evidence/metrics.ts'
import { evidenceStatus } from './evidence/verdict.ts'
import { leastErrorRatio, type RecoveryTimes, recoveredWindow, SETTLE_MS } from './phases.ts'
import { badRatio, budgetOf, mean, pagesOf, samples, secondsUntilGood } from './sli.ts'
import type { CureVerdict, EvidenceVerdict, Phase, RecoveryVerdict, RedHerringVerdict } from './verdict.ts'

/** What was asked about one evidence, for the report and for recordings. */
export interface EvidenceAnswers {
  readonly baseline: Answer
  readonly fault: Answer
  readonly recovered: Answer | undefined
}

export interface AssessedEvidence {
  readonly verdict: EvidenceVerdict
  readonly answers: EvidenceAnswers
}

/** The windows over which evidence is judged. */
export interface Windows {
  readonly baseline: Window
  readonly fault: Window
  /** The end of the recovery. */
  readonly recovered: Window | undefined
}

export function windowsOf(baseline: Phase, fault: Phase, recovery: Phase | undefined): Windows {
  return {
    baseline: { startMs: baseline.startMs, endMs: baseline.endMs },
    fault: { startMs: fault.startMs, endMs: fault.endMs },
    recovered: recovery === undefined ? undefined : recoveredWindow(recovery.endMs),
  }
}

export async function assessEvidence(
  { backends }: Pick<DrillContext, 'backends'>,
  evidence: Evidence,
  windows: Windows,
): Promise<AssessedEvidence> {
  const { baseline, fault, recovered } = windows
  const answers = {
    baseline: await ask(backends, evidence, baseline, baseline),
    fault: await ask(backends, evidence, fault, baseline),
    recovered: recovered === undefined ? undefined : await ask(backends, evidence, recovered, baseline),
  }
  const { id, signal, shows, because, threshold } = evidence
  const described = {
    id,
    signal,
    shows,
    because,
    query: queryOf(evidence),
    threshold: thresholdText(threshold),
  }
  return { verdict: { ...described, ...judge(evidence, answers) }, answers }
}

/** The verdict on one evidence, from answers alone. */
export function judge(
  evidence: Evidence,
  answers: EvidenceAnswers,
): Pick<EvidenceVerdict, 'baseline' | 'fault' | 'recovered' | 'status'> {
  const measured = {
    baseline: evaluate(evidence, answers.baseline),
    fault: evaluate(evidence, answers.fault),
    recovered: answers.recovered === undefined ? undefined : evaluate(evidence, answers.recovered),
  }
  return { ...measured, status: evidenceStatus(measured) }
}

export function queryOf(evidence: Evidence): string {
  switch (evidence.signal) {
    case 'metrics':
      return evidence.promql
    case 'logs':
      return evidence.logql
    case 'traces':
      return evidence.traceql
    case 'profiles':
      return `${evidence.profileType} ${evidence.selector} ${evidence.measure} of /${evidence.frame}/`
  }
}

/** Traces that are looked through for the cause. */
const TRACES_LOOKED_AT = 5

export async function assessCause(
  { backends, drill }: DrillContext,
  fault: Window,
): Promise<SeenCause | undefined> {
  return answered(async () => {
    const found = await backends.tempo.search(drill.cause.traceql, { ...fault, limit: TRACES_LOOKED_AT })
    for (const { traceId } of found) {
      const trace = await backends.tempo.trace(traceId)
      const cause = trace === undefined ? undefined : findCause(trace, drill.cause)
      if (cause !== undefined) return cause
    }
    return undefined
  })
}

export async function assessRedHerrings(
  { backends, drill }: DrillContext,
  fault: Window,
): Promise<RedHerringVerdict[]> {
  return Promise.all(
    drill.redHerrings.map(async ({ explanation, looksRightBecause, refutedBy }) => {
      const series = await answered(() => askMetric(backends, refutedBy, fault))
      const value = metricValue(series, refutedBy)
      return {
        explanation,
        looksRightBecause,
        shows: refutedBy.shows,
        promql: refutedBy.promql,
        threshold: thresholdText(refutedBy.threshold),
        value,
        refuted: value !== undefined && isBeyond(value, refutedBy.threshold),
      }
    }),
  )
}

/** The baseline's share of requests that were served well, by what the drill means by bad. */
export async function assessServed(
  { backends, drill }: Pick<DrillContext, 'backends' | 'drill'>,
  { startMs, endMs }: Window,
): Promise<number | undefined> {
  // moments that look back on what was before the baseline say nothing about it
  const window = { startMs: startMs + drillClock.shortWindowMs, endMs }
  const bad =
    drill.recovery.kind === 'metastable'
      ? await samples(backends, drill.recovery.promql, window)
      : await badRatio(backends, drill, window)
  const ratio = mean(bad)
  return ratio === undefined ? undefined : 1 - ratio
}

export async function assessRecovery(
  context: DrillContext,
  { phase, undoneMs, protectedMs }: RecoveryTimes,
): Promise<RecoveryVerdict> {
  const { drill, backends, pager } = context
  const pages = await pager.since(phase.startMs)
  // what pages later is of the cure
  const firing = pages.filter(
    ({ alert, firedAtMs }) => pagesOf(drill).includes(alert) && firedAtMs <= phase.endMs,
  )
  const alertsResolved = firing.every(
    ({ resolvedAtMs = Number.POSITIVE_INFINITY }) => resolvedAtMs <= phase.endMs,
  )
  const window = { startMs: undoneMs, endMs: phase.endMs }
  if (drill.recovery.kind === 'returns') {
    const bad = await badRatio(backends, drill, window)
    const seconds = secondsUntilGood(bad, undoneMs, budgetOf(drill))
    return { kind: 'returns', ok: alertsResolved, seconds, alertsResolved }
  }
  const { errorRatioAbove, recoveredBelow, returnsWithinSeconds, promql } = drill.recovery
  const releasedMs = protectedMs ?? phase.endMs
  // the first moments still look back on the fault itself
  const stayedBad = await leastErrorRatio(context, { startMs: undoneMs + SETTLE_MS / 2, endMs: releasedMs })
  const after = await samples(backends, promql, { startMs: releasedMs, endMs: phase.endMs })
  const seconds = after.length === 0 ? undefined : secondsUntilGood(after, releasedMs, recoveredBelow)
  const ok =
    stayedBad !== undefined &&
    stayedBad > errorRatioAbove &&
    seconds !== undefined &&
    seconds <= returnsWithinSeconds &&
    alertsResolved
  return { kind: 'metastable', ok, seconds, stayedBad, alertsResolved }
}

export async function assessCure(
  { backends, drill, pager }: DrillContext,
  { startMs, endMs }: Phase,
): Promise<CureVerdict> {
  const budget = budgetOf(drill)
  // the rule's moments from then on are about this phase alone
  const errorRatio = mean(
    await badRatio(backends, drill, { startMs: startMs + drillClock.shortWindowMs, endMs }),
  )
  const pages = await pager.since(startMs)
  const paged = pages.some(
    ({ alert, firedAtMs }) => pagesOf(drill).includes(alert) && firedAtMs >= startMs && firedAtMs <= endMs,
  )
  return { ok: errorRatio !== undefined && errorRatio <= budget && !paged, errorRatio, budget, paged }
}
