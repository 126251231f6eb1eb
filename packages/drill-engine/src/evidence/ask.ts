import type { Backends, RangeSeries } from '@faultline/backends-client'
import { drillClock } from '@faultline/slo'
import type { Evidence, ProfileEvidence, TraceEvidence } from '../drill.ts'
import { answered } from '../environment.ts'
import type { Answer, Profiled, Window } from './judge.ts'

/** Enough to judge by and to show; more is not fetched. */
const LOG_LIMIT = 200
const TRACE_LIMIT = 50

/**
 * Asks the backends about evidence in a window.
 * @param before what a profile is drawn against
 * @throws EnvironmentFailure when there is no answer: that is no statement about the evidence
 */
export async function ask(
  backends: Backends,
  evidence: Evidence,
  window: Window,
  before?: Window,
): Promise<Answer> {
  return answered(async () => {
    switch (evidence.signal) {
      case 'metrics':
        return { signal: 'metrics', series: await queryRange(backends, evidence.promql, window) }
      case 'logs': {
        const options = { ...window, limit: LOG_LIMIT, direction: 'forward' as const }
        const { entries } = await backends.loki.queryRange(evidence.logql, options)
        return { signal: 'logs', entries, limit: LOG_LIMIT }
      }
      case 'traces':
        return askTraces(backends, evidence, window)
      case 'profiles':
        return askProfile(backends, evidence, window, before)
    }
  })
}

/** Series of a query, with a point per sample; a sample older than a window of the rules is not of the moment. */
export async function queryRange(
  { prometheus }: Backends,
  promql: string,
  window: Window,
): Promise<readonly RangeSeries[]> {
  const options = { ...window, stepMs: drillClock.intervalMs, lookbackMs: drillClock.shortWindowMs }
  return answered(() => prometheus.queryRange(promql, options))
}

async function askTraces(backends: Backends, { traceql }: TraceEvidence, window: Window): Promise<Answer> {
  const found = await backends.tempo.search(traceql, { ...window, limit: TRACE_LIMIT })
  // the search rounds to whole seconds, and a trace from before the phase is not of it
  const inside = found.filter(({ startMs }) => startMs >= window.startMs && startMs <= window.endMs)
  const slowest = inside.toSorted((a, b) => b.durationMs - a.durationMs)[0]
  const example = slowest === undefined ? undefined : await backends.tempo.trace(slowest.traceId)
  return { signal: 'traces', found: inside, limit: TRACE_LIMIT, example }
}

async function askProfile(
  { pyroscope }: Backends,
  { profileType, selector }: ProfileEvidence,
  window: Window,
  before: Window | undefined,
): Promise<Answer> {
  const profiled = async (of: Window): Promise<Profiled> => {
    const begun = profilesWithin(of)
    return { graph: await pyroscope.mergeStacktraces(profileType, selector, begun), window: begun }
  }
  return { signal: 'profiles', ...(await profiled(window)), before: before && (await profiled(before)) }
}

/** When profiles begin that are over by the end of a window; at least one does in it. They are stored under that moment. */
export function profilesWithin({ startMs, endMs }: Window): Window {
  const lastMs = endMs - drillClock.profileMs
  return { startMs: Math.min(startMs, lastMs - drillClock.profileMs), endMs: lastMs }
}

/** For people. */
export function queryOf(evidence: Evidence): string {
  switch (evidence.signal) {
    case 'metrics':
      return evidence.promql
    case 'logs':
      return evidence.logql
    case 'traces':
      return evidence.traceql
    case 'profiles':
      return `${evidence.profileType} ${evidence.selector} share of /${evidence.frame}/`
  }
}
