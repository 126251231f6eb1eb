import type { InstantSeries, Span } from '@faultline/backends-client'
import pMap from 'p-map'
import { type CallResult, failedCall, resultOf, valueOr } from '../call-result.ts'
import { type Context, isLate, sinceBeginMs } from '../context.ts'
import type { Probe } from '../probe.ts'
import { type Finding, fail } from '../report/check.ts'
import type { OwnTraces } from '../signals/own-traces.ts'
import { type Discover, REQUESTS_METRIC } from '../signals/services.ts'
import { readExemplars } from './exemplars.ts'
import { walkToLogs } from './logs-link.ts'
import { oftenReached, profileLinkUndecided, walkToProfile } from './profile-link.ts'
import { judgeExemplarLink, judgeTraceLink } from './trace-link.ts'

/** Exemplars that are walked at once; each of their requests may or may not have been sampled by the profiler. */
const MAX_EXEMPLARS = 40

/**
 * Walks from a metric to its exemplar, trace, logs, the profile of a span and back to metrics. Each hop
 * starts from what the one before gave; where that gave nothing, from the next best of verify's own, so
 * that one broken link does not hide another.
 */
export const linksProbe = (context: Context, discover: Discover, readTraces: OwnTraces): Probe => ({
  name: 'links',
  hop: 'metrics → exemplar',
  late: () => isLate(context, 'profiles'),
  async observe() {
    const { sent } = context.requester
    const exemplars = valueOr(await readExemplars(context), [])
    const sentIds = new Set(sent.flatMap(({ traceId, status }) => (status === undefined ? [] : traceId)))
    const ofOwn = exemplars.filter(({ traceId = '' }) => sentIds.has(traceId))
    const own = [...new Map(ofOwn.map((exemplar) => [exemplar.traceId, exemplar])).values()]
    const walked = own.slice(0, MAX_EXEMPLARS)
    const { services, followed } = await discover()
    const ids = new Set([...walked.flatMap(({ traceId }) => traceId ?? []), ...followed])
    const stored = valueOr(await readTraces([...ids]), [])
    // What only an order reaches is followed from there.
    const often = oftenReached(services, isLate(context, 'traces'))
    const traceLink = judgeTraceLink({
      own: walked,
      stored,
      services: (often ?? []).map(({ name }) => name),
      nowMs: Date.now(),
    })
    const trace = traceLink.trace ?? stored[0]
    const [logsLink, linesSpanIds] = await walkToLogs(trace, context)
    const spans = stored.flatMap((one) => one.spans)
    const profileWalks = await pMap(
      often ?? [],
      ({ name }) => walkToProfile(name, spans, linesSpanIds, context),
      { concurrency: 2 },
    )
    const sampled = profileWalks.find((walk) => walk.sampled !== undefined)?.sampled
    const start = sampled ?? trace?.spans.find(({ kind }) => kind === 'server')
    return [
      judgeExemplarLink(own, sent.length),
      traceLink.finding,
      logsLink,
      ...(often === undefined ? [profileLinkUndecided()] : profileWalks.map(({ finding }) => finding)),
      await walkToMetrics(start, context),
    ]
  },
})

/** Requests of the span's service and route. */
async function walkToMetrics(span: Span | undefined, context: Context): Promise<Finding> {
  const route = span?.attributes['http.route']
  const matchers = [
    `service_name="${span?.serviceName ?? ''}"`,
    ...(typeof route === 'string' ? [`http_route="${route}"`] : []),
  ]
  const query = `sum(${REQUESTS_METRIC}_count{${matchers.join(', ')}})`
  const now = { lookbackMs: sinceBeginMs(context) }
  const result =
    span === undefined ? undefined : await resultOf(context.backends.prometheus.query(query, now))
  return judgeMetricsLink({ span, query, result })
}

interface MetricsLinkEvidence {
  readonly span: Span | undefined
  readonly query: string
  readonly result: CallResult<readonly InstantSeries[]> | undefined
}

/** Hop from one request back to the metric of all of its kind. */
export function judgeMetricsLink({ span, query, result }: MetricsLinkEvidence): Finding {
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
  } as const
  if (span === undefined || result === undefined)
    return { ...finding, status: 'skipped', seen: 'no span to start from' }
  if ('error' in result) return { ...finding, ...failedCall(result.error) }
  const value = result.value[0]?.value
  if (value !== undefined && value > 0) return { ...finding, status: 'pass', seen: `${value} requests` }
  return fail(finding, {
    seen: 'no sample since verify began',
    likelyCause: 'the metric’s labels and the span’s attributes name the route or the service differently',
    nextStep: `compare http.route of span ${span.spanId} with the label http_route in Prometheus`,
  })
}
