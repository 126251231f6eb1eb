import type { QueryResult, Trace } from '@faultline/backends-client'
import { type Answer, answerOf } from '../answer.ts'
import { type Context, sinceBeginMs, sinceSentMs } from '../context.ts'
import type { Probe } from '../probe.ts'
import { REQUESTS_METRIC } from '../signals/judge-metrics.ts'
import { judgeLoad, LOAD_QUERY } from './judge-load.ts'

/** The load generator pushes every few seconds. */
const PATIENCE_MS = 10_000

/** Metrics of the load generator. */
export const loadProbe: Probe = {
  name: 'load',
  hop: 'load',
  async observe(context) {
    const { backends, signal, found } = context
    if (found.sentUntilMs === undefined) return []
    const sinceMs = sinceBeginMs(context)
    const query = LOAD_QUERY(Math.floor(sinceMs / 1_000))
    const series = await answerOf(backends.prometheus.query(query, { signal }))
    const late = sinceSentMs(context) > PATIENCE_MS
    const count = 'error' in series ? series : { value: firstValue(series) ?? 0 }
    return [judgeLoad({ query, series: count, otherRequests: await otherRequests(context), sinceMs, late })]
  },
}

/** Requests at the service where verify's own come in, without these. */
async function otherRequests(context: Context): Promise<number | undefined> {
  const { backends, beginMs, signal, requester, found } = context
  const entry = entryService(found.ownTraces.values(), new Set(requester.sent.map(({ spanId }) => spanId)))
  if (entry === undefined) return undefined
  const query = `sum(${REQUESTS_METRIC}_count{service_name="${entry}"})`
  const [now, before] = await Promise.all([
    answerOf(backends.prometheus.query(query, { lookbackMs: sinceBeginMs(context), signal })),
    answerOf(backends.prometheus.query(query, { timeMs: beginMs, signal })),
  ])
  const [nowValue, beforeValue] = [firstValue(now), firstValue(before)]
  return nowValue === undefined ? undefined : nowValue - (beforeValue ?? 0) - requester.sent.length
}

/** The service whose span has verify's own, which is stored nowhere, for its parent. */
function entryService(traces: Iterable<Trace>, callers: ReadonlySet<string>): string | undefined {
  for (const { spans } of traces) {
    const entry = spans.find(({ parentSpanId }) => parentSpanId !== undefined && callers.has(parentSpanId))
    if (entry !== undefined) return entry.serviceName
  }
  return undefined
}

function firstValue(answer: Answer<QueryResult>): number | undefined {
  return 'value' in answer && answer.value.type === 'vector'
    ? answer.value.series[0]?.sample?.value
    : undefined
}
