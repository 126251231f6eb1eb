import { type FlameGraph, type Span, stacksOf } from '@faultline/backends-client'
import { type Answer, failedCall } from '../answer.ts'
import type { Finding } from '../report/check.ts'
import { CPU_PROFILE, serviceSelector } from '../signals/judge-profiles.ts'
import { PROFILE_ID } from './profile-id.ts'

export interface ProfileLinkEvidence {
  readonly service: string
  /** Spans of the service in traces of verify's own requests. */
  readonly spans: number
  /** Profile ids of those that were asked for: of spans that carry one. */
  readonly profileIds: readonly string[]
  /** Whether spans of other services carry one. */
  readonly othersLinked: boolean
  readonly graph: Answer<FlameGraph> | undefined
  /** The one span that was sampled, where it has been singled out. */
  readonly span: Span | undefined
  /** What of the service was sampled in all since verify began, in the profile's unit. */
  readonly sampledInAll: number
  readonly late: boolean
}

/** Stands in for the hops of all services until it is known which of them are to be followed; never the last word. */
export function profileLinkUndecided(): Finding {
  return {
    id: 'link/logs-profile',
    hop: 'logs → span profile',
    status: 'skipped',
    expected: 'traces of verify’s own requests, whose spans lead to profiles',
    query: 'verify’s own traces by id',
    seen: 'too few traces so far',
    explainedBy: ['reach/tempo', 'reach/collector', 'requests', 'exemplars/stored', 'link/exemplar-trace'],
  }
}

/** Hop from what a request logged to the code that it spent its time in. */
export function judgeProfileLink(evidence: ProfileLinkEvidence): Finding {
  const { service, spans, profileIds, othersLinked, graph, span, sampledInAll, late } = evidence
  const finding = {
    id: `link/logs-profile/${service}`,
    hop: 'logs → span profile',
    service,
    expected: 'CPU samples taken while one of verify’s own spans was running',
    query: `SelectMergeSpanProfile ${CPU_PROFILE} ${serviceSelector(service)}, ${profileIds.length} spans with ${PROFILE_ID}`,
    explainedBy: [
      'reach/pyroscope',
      'reach/collector',
      'requests',
      `signal/${service}/profiles`,
      `signal/${service}/traces`,
    ],
    final: late,
  } as const
  if (spans === 0) {
    return {
      ...finding,
      status: 'skipped',
      seen: 'no span to start from',
      explainedBy: [...finding.explainedBy, 'link/exemplar-trace'],
    }
  }
  const withoutId = `none of ${spans} spans of ${service} carries ${PROFILE_ID}`
  // A profiler that links nothing is nothing broken, unless it is all of them.
  if (profileIds.length === 0 && othersLinked) {
    const likelyCause = `the profiler of ${service} does not say which span a sample belongs to`
    return { ...finding, status: 'skipped', seen: withoutId, likelyCause, final: true }
  }
  if (graph === undefined) {
    return { ...finding, status: 'fail', seen: withoutId, ...noLabels(sampledInAll) }
  }
  if ('error' in graph) return { ...finding, ...failedCall(graph.error) }
  if (graph.value.total > 0) {
    const [top] = stacksOf(graph.value)
    const where = span === undefined ? `${profileIds.length} spans` : `span ${span.spanId} (${span.name})`
    const seen = `${Math.round(graph.value.total / 1e6)} ms of CPU in ${where}, most in ${top?.frames.at(-1) ?? '?'}`
    return { ...finding, status: 'pass', seen }
  }
  return {
    ...finding,
    status: 'fail',
    seen: `no sample in ${profileIds.length} spans; ${Math.round(sampledInAll / 1e6)} ms of CPU in samples without a span`,
    ...noLabels(sampledInAll),
  }
}

function noLabels(sampledInAll: number): Required<Pick<Finding, 'likelyCause' | 'nextStep'>> {
  return {
    likelyCause:
      sampledInAll > 0
        ? 'profiles arrive without their labels: samples do not say which span they belong to'
        : 'no profile arrives',
    nextStep:
      'FAULTLINE_PROFILES_SPAN_LABELS of the service (Node 24 is needed); the links of samples in the profiles pipeline',
  }
}
