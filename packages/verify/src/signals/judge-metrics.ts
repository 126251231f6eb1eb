import type { InstantSeries, QueryResult } from '@faultline/backends-client'
import { type Answer, failedCall } from '../answer.ts'
import type { Finding } from '../report/check.ts'
import { missingInstances, type Service } from '../services/discover.ts'
import { replicaCheck } from '../services/judge-replicas.ts'

export const REQUESTS_METRIC = 'http_server_request_duration_seconds'
export const REQUESTS_QUERY = `sum by (service_name, service_instance_id) (${REQUESTS_METRIC}_count)`
/** How many series each replica has at all. */
export const ANY_SERIES_QUERY =
  'count by (service_name, service_instance_id) ({service_name!="", __name__!="up"})'
/** Whether the collector could scrape each replica. */
export const UP_QUERY = 'up{service_name!=""}'

/** Answers about all services; each looks back no further than to where verify began, but for the first. */
export interface MetricsEvidence {
  /** {@link REQUESTS_QUERY} at the time verify began. */
  readonly before: Answer<QueryResult>
  /** {@link REQUESTS_QUERY} now. */
  readonly now: Answer<QueryResult>
  /** {@link ANY_SERIES_QUERY} now. */
  readonly any: Answer<QueryResult>
}

/** Whether each replica's metrics came since verify began, and counted verify's own requests. */
export function judgeMetrics(
  service: Service,
  { before, now, any }: MetricsEvidence,
  late: boolean,
): Finding {
  const finding = {
    id: `signal/${service.name}/metrics`,
    hop: 'metrics',
    service: service.name,
    signal: 'metrics',
    expected: expectation(service),
    query: `${REQUESTS_QUERY} for service_name="${service.name}"`,
    explainedBy: [
      'reach/collector',
      'reach/prometheus',
      'requests',
      `metric/${REQUESTS_METRIC}`,
      replicaCheck(service.name),
    ],
    final: late,
  } as const
  for (const answer of [before, now, any]) {
    if ('error' in answer) return { ...finding, ...failedCall(answer.error) }
  }
  const counted = ofService(now, service)
  const missing = missingInstances(service, counted.map(instanceOf))
  if (missing.length > 0) {
    return {
      ...finding,
      status: 'fail',
      ...whyMissing(service, missing, ofService(any, service)),
    }
  }
  const rise = riseOf(ofService(before, service), counted)
  const seen = `${rise} more requests on ${counted.length} replica(s) since verify began`
  if (rise >= service.ownServerSpans) {
    return { ...finding, status: 'pass', seen }
  }
  return {
    ...finding,
    status: 'fail',
    seen,
    likelyCause: 'scrapes are late, or the service does not count its requests',
    nextStep: `look at /metrics of ${service.name}: does ${REQUESTS_METRIC}_count rise with requests?`,
  }
}

function expectation({ instances, ownServerSpans }: Service): string {
  const replicas = instances.length > 0 ? instances.join(', ') : 'the service'
  return `samples of ${replicas} since verify began that count at least ${ownServerSpans} more requests`
}

function whyMissing(
  { name, instances }: Service,
  missing: readonly string[],
  any: readonly InstantSeries[],
): Pick<Finding, 'seen' | 'likelyCause' | 'nextStep' | 'explainedBy'> {
  const which = missing.length === instances.length ? name : missing.join(', ')
  const silent = missingInstances({ name, instances: missing, ownServerSpans: 0 }, any.map(instanceOf))
  const explainedBy = [
    'reach/collector',
    'reach/prometheus',
    'requests',
    `metric/${REQUESTS_METRIC}`,
    replicaCheck(name),
  ]
  if (silent.length > 0) {
    return {
      seen: `no sample at all of ${which} since verify began`,
      likelyCause: `the collector does not scrape ${which}, or does not deliver what it scrapes`,
      nextStep: 'faultline logs collector; the scrape_configs of collector/collector.yaml',
      explainedBy: ['reach/collector', 'reach/prometheus', 'collector/delivery', replicaCheck(name)],
    }
  }
  return {
    seen: `other metrics of ${which} arrive, ${REQUESTS_METRIC} does not`,
    likelyCause: `${REQUESTS_METRIC} was renamed or dropped`,
    nextStep: `look at /metrics of ${name} and at the metrics pipeline of collector/collector.yaml`,
    explainedBy,
  }
}

function ofService(answer: Answer<QueryResult>, { name }: Service): InstantSeries[] {
  if ('error' in answer || answer.value.type !== 'vector') return []
  return answer.value.series.filter(({ labels }) => labels.service_name === name)
}

function instanceOf({ labels }: InstantSeries): string {
  return labels.service_instance_id ?? ''
}

/** A replica that was restarted counts from 0 again. */
function riseOf(before: readonly InstantSeries[], now: readonly InstantSeries[]): number {
  const start = new Map(before.map((series) => [instanceOf(series), countOf(series)]))
  return now.reduce((sum, series) => {
    const rise = countOf(series) - (start.get(instanceOf(series)) ?? 0)
    return sum + (rise < 0 ? countOf(series) : rise)
  }, 0)
}

function countOf({ sample }: InstantSeries): number {
  return sample?.value ?? 0
}
