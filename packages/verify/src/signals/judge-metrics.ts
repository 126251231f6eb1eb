import type { InstantSeries, QueryResult } from '@faultline/backends-client'
import { type Answer, failedCall } from '../answer.ts'
import type { Finding } from '../report/check.ts'
import { missingInstances, type Service } from '../services/discover.ts'

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
  /** {@link UP_QUERY} now. */
  readonly up: Answer<QueryResult>
}

/** Whether each replica's metrics came since verify began, and counted verify's own requests. */
export function judgeMetrics(
  service: Service,
  { before, now, any, up }: MetricsEvidence,
  late: boolean,
): Finding {
  const finding = {
    id: `signal/${service.name}/metrics`,
    hop: 'metrics',
    service: service.name,
    signal: 'metrics',
    expected: expectation(service),
    query: `${REQUESTS_QUERY} for service_name="${service.name}"`,
    explainedBy: ['reach/collector', 'reach/prometheus', 'requests', `metric/${REQUESTS_METRIC}`],
    final: late,
  } as const
  for (const answer of [before, now, any, up]) {
    if ('error' in answer) return { ...finding, ...failedCall(answer.error) }
  }
  const counted = ofService(now, service)
  const missing = missingInstances(service, counted.map(instanceOf))
  if (missing.length > 0) {
    return {
      ...finding,
      status: 'fail',
      ...whyMissing(service, missing, ofService(any, service), ofService(up, service)),
    }
  }
  const rise = total(counted) - total(ofService(before, service))
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
  up: readonly InstantSeries[],
): Pick<Finding, 'seen' | 'likelyCause' | 'nextStep' | 'explainedBy'> {
  const which = missing.length === instances.length ? name : missing.join(', ')
  const silent = missingInstances({ name, instances: missing, ownServerSpans: 0 }, any.map(instanceOf))
  const down = up.filter((series) => missing.includes(instanceOf(series)) && series.sample?.value === 0)
  const explainedBy = ['reach/collector', 'reach/prometheus', `metric/${REQUESTS_METRIC}`]
  if (down.length > 0) {
    return {
      seen: `the collector cannot scrape ${down.map(instanceOf).join(', ')} (up is 0)`,
      likelyCause: 'the replica is down, or its admin listener is',
      nextStep: `faultline status, then faultline logs ${instanceOf(down[0]) || name}`,
      explainedBy,
    }
  }
  if (silent.length > 0) {
    return {
      seen: `no sample at all of ${which} since verify began`,
      likelyCause: `the collector does not scrape ${which}, or does not deliver what it scrapes`,
      nextStep: 'faultline logs collector; the scrape_configs of collector/collector.yaml',
      explainedBy: ['reach/collector', 'reach/prometheus', 'collector/delivery'],
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

function instanceOf(series: InstantSeries | undefined): string {
  return series?.labels.service_instance_id ?? ''
}

function total(series: readonly InstantSeries[]): number {
  return series.reduce((sum, { sample }) => sum + (sample?.value ?? 0), 0)
}
