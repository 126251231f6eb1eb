import type { Trace } from '@faultline/backends-client'
import { patience } from '../context.ts'
import { type Finding, fail } from '../report/check.ts'
import { servicesIn } from '../signals/own-traces.ts'
import { REQUESTS_METRIC } from '../signals/services.ts'
import { spansCheck } from '../signals/traces.ts'
import { ALL_EXEMPLARS, describeExemplar, type PlacedExemplar } from './exemplars.ts'

/** Hop from a metric to an example of what it counts. */
export function judgeExemplarLink(own: readonly PlacedExemplar[], sentTraces: number): Finding {
  const finding = {
    id: 'link/metrics-exemplar',
    hop: 'metrics → exemplar',
    expected: 'an exemplar of one of verify’s own requests',
    query: `exemplars of ${ALL_EXEMPLARS}`,
    explainedBy: [
      'reach/collector',
      'reach/prometheus',
      'requests',
      'signal/*/metrics',
      `metric/${REQUESTS_METRIC}`,
    ],
  } as const
  const [first] = own
  if (first !== undefined) {
    const seen = `${own.length} exemplars of verify’s own requests, e.g. of ${first.series.__name__} on ${first.series.service_name}`
    return { ...finding, status: 'pass', seen }
  }
  return fail(finding, {
    seen: `none of ${sentTraces} requests has an exemplar`,
    likelyCause: 'the services do not heed the tracestate member faultline=keep, or scrapes lose exemplars',
    nextStep: 'look for "# {trace_id=" at /metrics of the gateway’s admin listener, asked for as OpenMetrics',
  })
}

interface TraceLinkEvidence {
  /** Exemplars of verify's own requests, oldest first. */
  readonly own: readonly PlacedExemplar[]
  /** Stored traces among those that they point to. */
  readonly stored: readonly Trace[]
  /** Services that verify's own requests reached. */
  readonly services: readonly string[]
  readonly nowMs: number
}

/** Hop from an exemplar to its trace, which shows the whole way of the request; and the trace that the walk goes on from. */
export function judgeTraceLink(evidence: TraceLinkEvidence): { finding: Finding; trace?: Trace } {
  const { own, stored, services, nowMs } = evidence
  const byId = new Map(stored.map((trace) => [trace.traceId, trace]))
  const traces = own.flatMap(({ traceId }) => byId.get(traceId ?? '') ?? [])
  const unseen = services.filter((name) => !traces.some((trace) => showsWayTo(trace, name)))
  const whole =
    unseen.length > 0 ? undefined : traces.toSorted((a, b) => servicesIn(b).size - servicesIn(a).size)[0]
  const missing = own.find(({ traceId }) => !byId.has(traceId ?? ''))
  const finding = {
    id: 'link/exemplar-trace',
    hop: 'exemplar → trace',
    expected: `traces are stored, with the whole way to each of ${services.join(', ') || 'the services'}`,
    query: `Tempo, trace ${missing?.traceId ?? whole?.traceId ?? 'of the exemplar'}`,
    explainedBy: [
      'reach/collector',
      'reach/tempo',
      'requests',
      'link/metrics-exemplar',
      'collector/delivery',
      spansCheck('*'),
    ],
  } as const
  if (whole !== undefined) {
    const seen = `${whole.spans.length} spans of ${[...servicesIn(whole)].sort().join(', ')}`
    const query = `Tempo, trace ${whole.traceId}`
    return { finding: { ...finding, query, status: 'pass', seen }, trace: whole }
  }
  if (own.length === 0) {
    return { finding: { ...finding, status: 'skipped', seen: 'no exemplar to start from' } }
  }
  if (traces[0] !== undefined) {
    const reached = new Set(traces.flatMap((trace) => [...servicesIn(trace)]))
    const seen = `${traces.length} stored, with spans of ${[...reached].join(', ')}; none with the way to ${unseen.join(', ')}`
    const why = {
      seen,
      likelyCause: 'the trace context is not passed on, or a service does not export its spans',
      nextStep: 'does the caller send traceparent, and has the callee’s span the same trace id?',
    }
    return { finding: fail(finding, why), trace: traces[0] }
  }
  const why = {
    seen: missing === undefined ? 'not looked up' : `${describeExemplar(missing, nowMs)}, is not stored`,
    explainedBy: [...finding.explainedBy, 'exemplars/stored'],
    final: missing !== undefined && nowMs - missing.timeMs > patience.traces,
    likelyCause: 'the sampler drops the trace although its request was marked to be kept',
    nextStep: 'the policies of tail_sampling in collector/collector.yaml: is sampling.keep among them?',
  }
  return { finding: fail(finding, why) }
}

/** Whether a trace shows a service together with one that called it, or that it called. */
function showsWayTo(trace: Trace, service: string): boolean {
  const shown = servicesIn(trace)
  return shown.has(service) && shown.size > 1
}
