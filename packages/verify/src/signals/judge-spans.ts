import { type Answer, failedCall } from '../answer.ts'
import type { Finding } from '../report/check.ts'
import type { Service } from '../services/discover.ts'
import { replicaCheck } from '../services/judge-replicas.ts'

/** The check that a service's spans reach the collector; `*` for those of all services. */
export const spansCheck = (service: string) => `signal/${service}/spans`

export const spansQuery = (service: string) =>
  `sum(traces_span_metrics_calls_total{service_name="${service}"})`

/**
 * Whether spans of a service reach the collector, which counts them before its sampler decides. A check of
 * its own, so that a lost trace is put down to the service or to the sampler by what is known in the end.
 *
 * @param counted spans since verify began; undefined where it cannot be known
 */
export function judgeSpans({ name }: Service, counted: Answer<number | undefined>, late: boolean): Finding {
  const finding = {
    id: spansCheck(name),
    hop: 'traces',
    service: name,
    signal: 'traces',
    expected: 'spans of the service reach the collector, sampled or not',
    query: spansQuery(name),
    explainedBy: ['reach/collector', 'reach/prometheus', 'requests', replicaCheck(name)],
    final: late,
  } as const
  if ('error' in counted) return { ...finding, ...failedCall(counted.error) }
  if (counted.value === undefined) {
    return { ...finding, status: 'skipped', seen: 'the collector has counted no span of the service yet' }
  }
  if (counted.value > 0) {
    return { ...finding, status: 'pass', seen: `${counted.value} more spans since verify began` }
  }
  return {
    ...finding,
    status: 'fail',
    seen: 'no more spans since verify began',
    likelyCause: `no span of ${name} reaches the collector: its trace exporter is off or fails`,
    nextStep: `faultline logs ${name}; OTEL_TRACES_EXPORTER, OTEL_EXPORTER_OTLP_ENDPOINT`,
  }
}
