/** What a drill's phases showed: asked of the backends once more when they are over, and judged. */
import type { LoadResult } from '@faultline/runtime'
import { drillClock } from '@faultline/slo'
import { blastRadius } from './blast-radius.ts'
import type { DrillContext } from './context.ts'
import { type Evidence, isBeyond, thresholdText } from './drill.ts'
import { answered, checkLoad, pagesSince } from './environment.ts'
import { ask, queryOf, queryRange } from './evidence/ask.ts'
import { findCause, type SeenCause } from './evidence/cause.ts'
import { type EvidenceAnswers, judge, metricValue, type Window } from './evidence/judge.ts'
import { type RecoveryTimes, recoveredWindow, SETTLE_MS } from './phases.ts'
import {
  badRatio,
  budgetOf,
  budgetUsed,
  isPageOf,
  mean,
  ownPages,
  samples,
  secondsUntilGood,
  targetOf,
} from './sli.ts'
import {
  type CureVerdict,
  type EvidenceVerdict,
  failuresOf,
  type Outcome,
  type Phase,
  type RecoveryVerdict,
  type RedHerringVerdict,
  type Verdict,
} from './verdict.ts'

export interface Phases {
  readonly baseline: Phase
  readonly fault: Phase
  readonly recovery?: RecoveryTimes
  readonly cure?: Phase
}

export interface AssessedEvidence {
  readonly verdict: EvidenceVerdict
  readonly answers: EvidenceAnswers
}

export interface DrillResult {
  readonly verdict: Verdict
  readonly evidence: readonly AssessedEvidence[]
}

export async function assess(
  context: DrillContext,
  phases: Phases,
  load: LoadResult,
  startedMs: number,
): Promise<DrillResult> {
  const { drill, backends, endpoints, tell } = context
  const { baseline, fault, recovery, cure } = phases
  tell({ kind: 'phase', phase: 'report', text: 'asking the backends once more' })
  const evidence: AssessedEvidence[] = []
  for (const one of drill.evidence) evidence.push(await assessEvidence(context, one, phases))
  const offered = checkLoad(load)
  const all = [baseline, fault, recovery?.phase, cure].filter((phase) => phase !== undefined)
  const endMs = Math.max(...all.map((phase) => phase.endMs))
  // a ticket that was open before is none of this drill
  const alerts = (await pagesSince(endpoints.pager, startedMs)).filter(
    ({ firedAtMs }) => firedAtMs >= startedMs && firedAtMs <= endMs,
  )
  const page = alerts
    .filter(({ alert, firedAtMs }) => isPageOf(drill, alert) && firedAtMs >= fault.startMs)
    .toSorted((a, b) => a.firedAtMs - b.firedAtMs)[0]
  const incident = { startMs: fault.startMs, endMs: recovery?.phase.endMs ?? fault.endMs }
  const seen = await assessCause(context, fault)
  const judged = {
    drill: drill.name,
    title: drill.title,
    control: !context.fault,
    startedAt: new Date(startedMs).toISOString(),
    phases: all,
    page,
    alerts,
    timeToPageSeconds: page && (page.firedAtMs - fault.startMs) / 1000,
    budget: await budgetUsed(backends, drill, incident),
    servedBefore: await assessServed(context, baseline),
    evidence: evidence.map(({ verdict }) => verdict),
    cause: seen && { ...seen, statement: drill.cause.statement },
    redHerrings: await assessRedHerrings(context, fault),
    blastRadius: await blastRadius(backends, fault, baseline),
    recovery: recovery && (await assessRecovery(context, recovery)),
    cure: cure && (await assessCure(context, cure)),
    load: offered,
  }
  const failures = failuresOf(judged, targetOf(drill))
  const outcome: Outcome = failures.length > 0 ? 'failed' : context.keep ? 'cut-short' : 'passed'
  const durationSeconds = (Date.now() - startedMs) / 1000
  return { verdict: { ...judged, outcome, failures, durationSeconds }, evidence }
}

async function assessEvidence(
  { backends }: DrillContext,
  evidence: Evidence,
  { baseline, fault, recovery }: Phases,
): Promise<AssessedEvidence> {
  const before = windowOf(baseline)
  const answers = {
    baseline: await ask(backends, evidence, before),
    fault: await ask(backends, evidence, windowOf(fault), before),
    recovered: recovery && (await ask(backends, evidence, recoveredWindow(recovery.phase.endMs))),
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

const windowOf = ({ startMs, endMs }: Phase): Window => ({ startMs, endMs })

/** Of a phase without its first moments, which look back on what was before it. */
const settledWindowOf = ({ startMs, endMs }: Phase): Window => ({
  startMs: startMs + drillClock.shortWindowMs,
  endMs,
})

/** Traces that are looked through for the cause. */
const TRACES_LOOKED_AT = 5

function assessCause({ backends, drill }: DrillContext, fault: Phase): Promise<SeenCause | undefined> {
  return answered(async () => {
    const options = { ...windowOf(fault), limit: TRACES_LOOKED_AT }
    for (const { traceId } of await backends.tempo.search(drill.cause.traceql, options)) {
      const trace = await backends.tempo.trace(traceId)
      const cause = trace && findCause(trace, drill.cause)
      if (cause !== undefined) return cause
    }
    return undefined
  })
}

function assessRedHerrings({ backends, drill }: DrillContext, fault: Phase): Promise<RedHerringVerdict[]> {
  return Promise.all(
    drill.redHerrings.map(async ({ explanation, looksRightBecause, refutedBy }) => {
      const { shows, promql, threshold } = refutedBy
      const value = metricValue(await queryRange(backends, promql, windowOf(fault)), refutedBy)
      const refuted = value !== undefined && isBeyond(value, threshold)
      return {
        explanation,
        looksRightBecause,
        shows,
        promql,
        threshold: thresholdText(threshold),
        value,
        refuted,
      }
    }),
  )
}

/** The baseline's share of requests that were served well, by what the drill means by bad. */
async function assessServed({ backends, drill }: DrillContext, baseline: Phase): Promise<number | undefined> {
  const window = settledWindowOf(baseline)
  const bad =
    drill.recovery.kind === 'metastable'
      ? await samples(backends, drill.recovery.promql, window)
      : await badRatio(backends, drill, window)
  const ratio = mean(bad)
  return ratio === undefined ? undefined : 1 - ratio
}

async function assessRecovery(
  context: DrillContext,
  { phase, undoneMs, protectedMs }: RecoveryTimes,
): Promise<RecoveryVerdict> {
  const { drill, backends } = context
  const pages = await ownPages(context, phase.startMs)
  // what pages later is of the cure
  const alertsResolved = pages
    .filter(({ firedAtMs }) => firedAtMs <= phase.endMs)
    .every(({ resolvedAtMs = Number.POSITIVE_INFINITY }) => resolvedAtMs <= phase.endMs)
  if (drill.recovery.kind === 'returns') {
    const bad = await badRatio(backends, drill, { startMs: undoneMs, endMs: phase.endMs })
    const seconds = secondsUntilGood(bad, undoneMs, budgetOf(drill))
    return { kind: 'returns', ok: alertsResolved, seconds, alertsResolved }
  }
  const { errorRatioAbove, recoveredBelow, returnsWithinSeconds, promql } = drill.recovery
  const releasedMs = protectedMs ?? phase.endMs
  // the first moments still look back on the fault itself
  const stillBad = { startMs: undoneMs + SETTLE_MS / 2, endMs: releasedMs }
  const bad = (await samples(backends, promql, stillBad)).map(({ value }) => value)
  const stayedBad = bad.length === 0 ? undefined : Math.min(...bad)
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

async function assessCure(context: DrillContext, cure: Phase): Promise<CureVerdict> {
  const { backends, drill } = context
  const budget = budgetOf(drill)
  const errorRatio = mean(await badRatio(backends, drill, settledWindowOf(cure)))
  const paged = (await ownPages(context, cure.startMs)).some(
    ({ firedAtMs }) => firedAtMs >= cure.startMs && firedAtMs <= cure.endMs,
  )
  return { ok: errorRatio !== undefined && errorRatio <= budget && !paged, errorRatio, budget, paged }
}
