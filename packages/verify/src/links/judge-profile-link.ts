import { type FlameGraph, type Span, stacksOf } from '@faultline/backends-client'
import { type Answer, failedCall } from '../answer.ts'
import type { Finding } from '../report/check.ts'
import { CPU_PROFILE, serviceSelector } from '../signals/judge-profiles.ts'

export interface ProfileLinkEvidence {
  readonly service: string
  /** Spans of verify's own requests that were asked for. */
  readonly spanIds: readonly string[]
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
  const { service, spanIds, graph, span, sampledInAll, late } = evidence
  const finding = {
    id: `link/logs-profile/${service}`,
    hop: 'logs → span profile',
    service,
    expected: 'CPU samples taken while one of verify’s own spans was running',
    query: `SelectMergeSpanProfile ${CPU_PROFILE} ${serviceSelector(service)}, ${spanIds.length} span ids`,
    explainedBy: [
      'reach/pyroscope',
      'reach/collector',
      'requests',
      `signal/${service}/profiles`,
      `signal/${service}/traces`,
    ],
    final: late,
  } as const
  if (spanIds.length === 0 || graph === undefined) {
    return {
      ...finding,
      status: 'skipped',
      seen: 'no span to start from',
      explainedBy: [...finding.explainedBy, 'link/exemplar-trace'],
    }
  }
  if ('error' in graph) return { ...finding, ...failedCall(graph.error) }
  if (graph.value.total > 0) {
    const [top] = stacksOf(graph.value)
    const where = span === undefined ? `${spanIds.length} spans` : `span ${span.spanId} (${span.name})`
    const seen = `${Math.round(graph.value.total / 1e6)} ms of CPU in ${where}, most in ${top?.frames.at(-1) ?? '?'}`
    return { ...finding, status: 'pass', seen }
  }
  return {
    ...finding,
    status: 'fail',
    seen: `no sample in ${spanIds.length} spans; ${Math.round(sampledInAll / 1e6)} ms of CPU in samples without a span`,
    likelyCause:
      sampledInAll > 0
        ? 'profiles arrive without their labels: samples do not say which span they belong to'
        : 'no profile arrives',
    nextStep:
      'FAULTLINE_PROFILES_SPAN_LABELS of the service (Node 24 is needed); the links of samples in the profiles pipeline',
  }
}
