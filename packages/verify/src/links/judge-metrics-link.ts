import type { QueryResult, Span } from '@faultline/backends-client'
import { type Answer, failedCall } from '../answer.ts'
import type { Finding } from '../report/check.ts'
import { REQUESTS_METRIC } from '../signals/judge-metrics.ts'

export interface MetricsLinkEvidence {
  readonly span: Span | undefined
  readonly query: string
  readonly result: Answer<QueryResult> | undefined
  readonly late: boolean
}

/** Hop from one request back to the metric of all of its kind. */
export function judgeMetricsLink({ span, query, result, late }: MetricsLinkEvidence): Finding {
  const finding = {
    id: 'link/profile-metrics',
    hop: 'span profile → metrics',
    expected: 'requests of the span’s service and route are counted since verify began',
    query,
    explainedBy: [
      'reach/prometheus',
      'reach/collector',
      `metric/${REQUESTS_METRIC}`,
      'signal/*/metrics',
      'link/exemplar-trace',
    ],
    final: late,
  } as const
  if (span === undefined || result === undefined)
    return { ...finding, status: 'skipped', seen: 'no span to start from' }
  if ('error' in result) return { ...finding, ...failedCall(result.error) }
  const value = result.value.type === 'vector' ? result.value.series[0]?.sample?.value : undefined
  if (value !== undefined && value > 0) return { ...finding, status: 'pass', seen: `${value} requests` }
  return {
    ...finding,
    status: 'fail',
    seen: 'no sample since verify began',
    likelyCause: 'the metric’s labels and the span’s attributes name the route or the service differently',
    nextStep: `compare http.route of span ${span.spanId} with the label http_route in Prometheus`,
  }
}
