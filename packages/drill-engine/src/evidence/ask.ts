import { BackendError, type Backends } from '@faultline/backends-client'
import { drillClock } from '@faultline/slo'
import type { Evidence, MetricEvidence, ProfileEvidence, TraceEvidence } from '../drill.ts'
import { EnvironmentFailure } from '../errors.ts'
import type { Answer, Window } from './answer.ts'

/** Of queries over a window: as often as there are samples. One older than a window of the rules is not of the moment. */
export const RANGE_OPTIONS = { stepMs: drillClock.intervalMs, lookbackMs: drillClock.shortWindowMs }
/** Enough to judge by and to show; more is not fetched. */
const LOG_LIMIT = 200
const TRACE_LIMIT = 50

/**
 * Asks the backends about evidence in a window.
 * @param before what a profile is compared with
 * @throws EnvironmentFailure when there is no answer: that is no statement about the evidence
 */
export async function ask(
  backends: Backends,
  evidence: Evidence,
  window: Window,
  before: Window | undefined,
): Promise<Answer> {
  return answered(async () => {
    switch (evidence.signal) {
      case 'metrics':
        return { signal: 'metrics', series: await askMetric(backends, evidence, window) }
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

/** Turns a backend's failure into one of the surroundings. */
export async function answered<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof BackendError) throw new EnvironmentFailure(error.message, { cause: error })
    throw error
  }
}

export async function askMetric(
  backends: Backends,
  { promql }: Pick<MetricEvidence, 'promql'>,
  window: Window,
): Promise<Extract<Answer, { signal: 'metrics' }>['series']> {
  return backends.prometheus.queryRange(promql, { ...window, ...RANGE_OPTIONS })
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
  const profiled = async (of: Window) => {
    const begun = profilesWithin(of)
    return { graph: await pyroscope.mergeStacktraces(profileType, selector, begun), window: begun }
  }
  const compared = before === undefined ? undefined : await profiled(before)
  return { signal: 'profiles', ...(await profiled(window)), before: compared }
}

/** When profiles begin that are over by the end of a window; at least one does in it. They are stored under that moment. */
export function profilesWithin({ startMs, endMs }: Window): Window {
  const lastMs = endMs - drillClock.profileMs
  return { startMs: Math.min(startMs, lastMs - drillClock.profileMs), endMs: lastMs }
}
