import type { InstantSeries } from '@faultline/backends-client'
import { type CallResult, failedCall, resultOf, valueOr } from '../call-result.ts'
import { type Context, isLate, sinceBeginMs } from '../context.ts'
import type { Probe } from '../probe.ts'
import { type Finding, fail } from '../report/check.ts'
import {
  type Discover,
  HISTORY_MS,
  judgeReplicas,
  missingInstances,
  REQUESTS_METRIC,
  replicaCheck,
  SERVICES_QUERY,
  type Service,
} from './services.ts'

const REQUESTS_QUERY = `sum by (service_name, service_instance_id) (${REQUESTS_METRIC}_count)`
/** How many series each replica has at all. */
const ANY_SERIES_QUERY = 'count by (service_name, service_instance_id) ({service_name!="", __name__!="up"})'

/**
 * Metrics of each service, and its replicas.
 *
 * @param tracesExpected whether traces can arrive, which say how many of verify's requests each service served
 */
export function metricsProbe(context: Context, discover: Discover, tracesExpected: boolean): Probe {
  const { beginMs, backends } = context
  return {
    name: 'metrics',
    hop: 'metrics',
    late: () => isLate(context, 'metrics'),
    async observe() {
      const now = { lookbackMs: sinceBeginMs(context) }
      const then = { timeMs: beginMs, lookbackMs: HISTORY_MS }
      const ask = (promql: string, when: typeof now | typeof then) =>
        resultOf(backends.prometheus.query(promql, when))
      const [{ services, targets, stored }, before, counted, any] = await Promise.all([
        discover(),
        ask(REQUESTS_QUERY, then),
        ask(REQUESTS_QUERY, now),
        ask(ANY_SERIES_QUERY, now),
      ])
      const counts = valueOr(stored, []).length > 0
      if (tracesExpected && !counts && !isLate(context, 'metrics')) return []
      if (services.length === 0) return [NO_SERVICES]
      return [
        ...judgeReplicas(services, targets),
        ...services.map((service) => judgeMetrics(service, { before, now: counted, any })),
      ]
    },
  }
}

const NO_SERVICES: Finding = {
  id: 'signal/services',
  hop: 'metrics',
  status: 'fail',
  expected: 'at least one service',
  seen: 'no service in metrics, traces or scrape targets',
  query: SERVICES_QUERY,
  likelyCause: 'no telemetry of any service has arrived for a while',
  nextStep: 'faultline logs collector',
  explainedBy: ['reach/*', 'requests', `metric/${REQUESTS_METRIC}`],
}

/** Answers about all services; each looks back no further than to where verify began, but for the first. */
interface MetricsEvidence {
  /** {@link REQUESTS_QUERY} at the time verify began. */
  readonly before: CallResult<readonly InstantSeries[]>
  /** {@link REQUESTS_QUERY} now. */
  readonly now: CallResult<readonly InstantSeries[]>
  /** {@link ANY_SERIES_QUERY} now. */
  readonly any: CallResult<readonly InstantSeries[]>
}

/** Whether each replica's metrics came since verify began, and counted verify's own requests. */
export function judgeMetrics(service: Service, { before, now, any }: MetricsEvidence): Finding {
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
  } as const
  for (const answer of [before, now, any]) {
    if ('error' in answer) return { ...finding, ...failedCall(answer.error) }
  }
  const counted = ofService(now, service)
  const missing = missingInstances(service, counted.map(instanceOf))
  if (missing.length > 0) {
    return fail(finding, { ...whyMissing(service, missing, ofService(any, service)) })
  }
  const risen = riseOf(ofService(before, service), counted)
  const seen = `${risen} more requests on ${counted.length} replica(s) since verify began`
  if (risen >= service.ownServerSpans) return { ...finding, status: 'pass', seen }
  return fail(finding, {
    seen,
    likelyCause: 'scrapes are late, or the service does not count its requests',
    nextStep: `look at /metrics of ${service.name}: does ${REQUESTS_METRIC}_count rise with requests?`,
  })
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
  }
}

function ofService(answer: CallResult<readonly InstantSeries[]>, { name }: Service): InstantSeries[] {
  return valueOr(answer, []).filter(({ labels }) => labels.service_name === name)
}

function instanceOf({ labels }: InstantSeries): string {
  return labels.service_instance_id ?? ''
}

function riseOf(before: readonly InstantSeries[], now: readonly InstantSeries[]): number {
  const start = new Map(before.map((series) => [instanceOf(series), series.value]))
  return now.reduce((sum, series) => sum + rise(start.get(instanceOf(series)), series.value), 0)
}

/** By how much a counter has risen; one that fell was started again, from 0. */
export function rise(before: number | undefined, now: number): number {
  return before === undefined || now < before ? now : now - before
}

/** By how much the value of a query has risen since verify began; undefined where it has none. */
export async function riseSinceBegin(
  context: Context,
  query: string,
): Promise<CallResult<number | undefined>> {
  const { prometheus } = context.backends
  const [now, before] = await Promise.all([
    resultOf(prometheus.query(query, { lookbackMs: sinceBeginMs(context) })),
    resultOf(prometheus.query(query, { timeMs: context.beginMs })),
  ])
  if ('error' in now) return now
  if ('error' in before) return before
  const value = now.value[0]?.value
  return { value: value === undefined ? undefined : rise(before.value[0]?.value, value) }
}
