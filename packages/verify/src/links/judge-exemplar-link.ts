import type { Finding } from '../report/check.ts'
import { REQUESTS_METRIC } from '../signals/judge-metrics.ts'
import { ALL_EXEMPLARS, type PlacedExemplar } from './exemplars.ts'

/** Hop from a metric to an example of what it counts. */
export function judgeExemplarLink(
  own: readonly PlacedExemplar[],
  sentTraces: number,
  late: boolean,
): Finding {
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
    final: late,
  } as const
  const [first] = own
  if (first !== undefined) {
    const seen = `${own.length} exemplars of verify’s own requests, e.g. of ${first.series.__name__} on ${first.series.service_name}`
    return { ...finding, status: 'pass', seen }
  }
  return {
    ...finding,
    status: 'fail',
    seen: `none of ${sentTraces} requests has an exemplar`,
    likelyCause: 'the services do not heed the tracestate member faultline=keep, or scrapes lose exemplars',
    nextStep: 'look for "# {trace_id=" at /metrics of the gateway’s admin listener, asked for as OpenMetrics',
  }
}
