import type { QueryResult } from '@faultline/backends-client'
import { answerOf } from '../answer.ts'
import { type Context, type Found, servicesOf, sinceBeginMs, sinceSentMs } from '../context.ts'
import { patience } from '../patience.ts'
import type { Probe } from '../probe.ts'
import type { Finding } from '../report/check.ts'
import { SERVICES_QUERY } from '../services/discover.ts'
import { judgeReplicas } from '../services/judge-replicas.ts'
import { ANY_SERIES_QUERY, judgeMetrics, REQUESTS_METRIC, REQUESTS_QUERY, UP_QUERY } from './judge-metrics.ts'

/** How long before verify began a replica must have been seen to be expected now, in ms. */
const HISTORY_MS = 60_000

/** Metrics of each service; also finds the services that there are. */
export const metricsProbe: Probe = {
  name: 'metrics',
  hop: 'metrics',
  async observe(context) {
    const { backends, beginMs, signal, found } = context
    const now = { lookbackMs: sinceBeginMs(context), signal }
    const then = { timeMs: beginMs, lookbackMs: HISTORY_MS, signal }
    const ask = (promql: string, when: typeof now | typeof then) =>
      answerOf(backends.prometheus.query(promql, when))
    const [history, recent, before, counted, any, up] = await Promise.all([
      found.history.length > 0 ? undefined : ask(SERVICES_QUERY, then),
      ask(SERVICES_QUERY, now),
      ask(REQUESTS_QUERY, then),
      ask(REQUESTS_QUERY, now),
      ask(ANY_SERIES_QUERY, now),
      ask(UP_QUERY, now),
    ])
    if (history !== undefined && 'value' in history) found.history.push(...labelsIn(history.value))
    if ('value' in recent) found.recent = labelsIn(recent.value)
    if ('value' in up) found.targets = targetsIn(up.value)
    const late = sinceSentMs(context) > patience.metrics
    if (!late && !requestsAreCounted(context)) return []
    const evidence = { before, now: counted, any }
    const services = servicesOf(context)
    if (services.length === 0) return [noServices(late)]
    return [
      ...judgeReplicas(services, found.targets, late),
      ...services.map((service) => judgeMetrics(service, evidence, late)),
    ]
  },
}

/** How many of verify's requests each service served is known from their traces, if there can be any. */
function requestsAreCounted({ found, hopeless }: Context): boolean {
  const noTraces = ['reach/collector', 'reach/tempo', 'reach/gateway'].some((id) => hopeless.has(id))
  return found.sentUntilMs !== undefined && (noTraces || found.ownTraces.size > 0)
}

function noServices(late: boolean): Finding {
  return {
    id: 'signal/services',
    hop: 'metrics',
    status: 'fail',
    expected: 'at least one service',
    seen: 'no service in metrics, traces or scrape targets',
    query: SERVICES_QUERY,
    likelyCause: 'no telemetry of any service has arrived for a while',
    nextStep: 'faultline logs collector',
    explainedBy: ['reach/*', 'requests', `metric/${REQUESTS_METRIC}`],
    final: late,
  }
}

function targetsIn(result: QueryResult): Found['targets'] {
  if (result.type !== 'vector') return []
  return result.series.map(({ labels, sample }) => ({ labels, up: sample?.value !== 0 }))
}

function labelsIn(result: QueryResult) {
  return result.type === 'vector' ? result.series.map(({ labels }) => labels) : []
}
