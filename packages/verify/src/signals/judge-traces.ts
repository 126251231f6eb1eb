import type { FoundTrace, Trace } from '@faultline/backends-client'
import { type Answer, failedCall } from '../answer.ts'
import type { Finding } from '../report/check.ts'
import { instanceOf, missingInstances, type Service } from '../services/discover.ts'
import { replicaCheck } from '../services/judge-replicas.ts'
import { spansCheck } from './judge-spans.ts'

/** What Tempo has of verify's own requests, and where their spans were last seen. */
export interface TracesEvidence {
  /** Ids that were looked up. */
  readonly followed: readonly string[]
  /** Those of them that are stored. */
  readonly stored: Answer<readonly Trace[]>
  /** By search: traces of the service since verify began, whoever asked for them. */
  readonly others: Answer<readonly FoundTrace[]>
  /** Spans of the service that the collector counted since verify began; undefined where it cannot be known. */
  readonly spansAtCollector: number | undefined
}

/** Whether traces of verify's own requests are stored, with spans of each replica of the service. */
export function judgeTraces(service: Service, evidence: TracesEvidence, late: boolean): Finding {
  const { followed, stored, others } = evidence
  const finding = {
    id: `signal/${service.name}/traces`,
    hop: 'traces',
    service: service.name,
    signal: 'traces',
    expected: 'traces of verify’s own requests are stored, with spans of every replica',
    query: `${followed.length} of verify’s own traces by id`,
    explainedBy: ['reach/collector', 'reach/tempo', 'requests', replicaCheck(service.name)],
    final: late,
  } as const
  if ('error' in stored) return { ...finding, ...failedCall(stored.error) }
  if ('error' in others) return { ...finding, ...failedCall(others.error) }
  const spans = stored.value.flatMap((trace) =>
    trace.spans.filter(({ serviceName }) => serviceName === service.name),
  )
  const missing = missingInstances(service, spans.map(instanceOf))
  const notStored = followed.length - stored.value.length
  if (spans.length > 0 && missing.length === 0 && notStored === 0) {
    const seen = `${followed.length} of ${followed.length} traces stored, ${spans.length} spans of ${service.name}`
    return { ...finding, status: 'pass', seen }
  }
  if (stored.value.length > 0 && notStored === 0) {
    return {
      ...finding,
      status: 'fail',
      seen:
        spans.length === 0 ? `traces without a span of ${service.name}` : `no span of ${missing.join(', ')}`,
      likelyCause: `${missing.join(', ') || service.name} does not export spans, or was not asked`,
      nextStep: `faultline logs ${missing[0] ?? service.name}: does it say that an export failed?`,
    }
  }
  return {
    ...finding,
    status: 'fail',
    seen: `${notStored} of ${followed.length} traces not stored`,
    ...whyNotStored(service, evidence),
  }
}

/** Where the spans went: never sent (which {@link spansCheck} says better), sent and not kept, or not delivered. */
function whyNotStored(
  { name }: Service,
  { stored, others, spansAtCollector }: TracesEvidence,
): Pick<Finding, 'likelyCause' | 'nextStep' | 'explainedBy'> {
  const explainedBy = [
    'reach/collector',
    'reach/tempo',
    'requests',
    'collector/delivery',
    replicaCheck(name),
    spansCheck(name),
  ]
  const someStored =
    ('value' in stored && stored.value.length > 0) || ('value' in others && others.value.length > 0)
  if (spansAtCollector === undefined ? someStored : spansAtCollector > 0) {
    return {
      likelyCause: 'spans reach the collector and its sampler drops traces that are marked to be kept',
      nextStep: 'the policies of tail_sampling in collector/collector.yaml: is sampling.keep among them?',
      // The sampler's mistake shows first where an exemplar leads to nothing.
      explainedBy: [...explainedBy, 'link/exemplar-trace', 'exemplars/stored'],
    }
  }
  return {
    likelyCause:
      'no trace arrives: the service does not export spans, or the collector does not deliver them',
    nextStep: `faultline logs ${name}; faultline logs collector`,
    explainedBy,
  }
}
