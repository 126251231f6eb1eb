import type { Span, Trace } from '@faultline/backends-client'
import pMap from 'p-map'
import { answerOf } from '../answer.ts'
import { type Context, servicesOf, sinceBeginMs, sinceSentMs } from '../context.ts'
import { patience } from '../patience.ts'
import type { Probe } from '../probe.ts'
import type { Finding } from '../report/check.ts'
import { entriesOf } from '../signals/judge-logs.ts'
import { REQUESTS_METRIC } from '../signals/judge-metrics.ts'
import { CPU_PROFILE, serviceSelector } from '../signals/judge-profiles.ts'
import { readTraces } from '../signals/probe-traces.ts'
import { judgeLogsLink } from './judge-logs-link.ts'
import { judgeMetricsLink } from './judge-metrics-link.ts'
import { judgeProfileLink, profileLinkUndecided } from './judge-profile-link.ts'
import { judgeTraceLink } from './judge-trace-link.ts'
import { oftenReached } from './often.ts'
import { profileIdOf } from './profile-id.ts'
import { singleOut } from './single-out.ts'

/** Exemplars that are walked at once; each of their requests may or may not have been sampled by the profiler. */
const MAX_EXEMPLARS = 40
const MAX_LINES = 1_000
const PROFILE_OVERLAP_MS = 60_000

/**
 * Walks from a metric to its exemplar, trace, logs, the profile of a span and back to metrics. Each hop
 * starts from what the one before gave; where that gave nothing, from the next best of verify's own, so
 * that one broken link does not hide another.
 */
export function linksProbe(): Probe {
  const sampled = new Map<string, Span>()
  return {
    name: 'links',
    hop: 'exemplar → trace',
    async observe(context) {
      const { found } = context
      if (found.sentUntilMs === undefined) return []
      const own = [...found.ownExemplars.values()].slice(0, MAX_EXEMPLARS)
      await readTraces(
        own.flatMap(({ traceId }) => traceId ?? []),
        context,
      )
      const late = sinceSentMs(context) > patience.traces
      // What only an order reaches is followed from there.
      const often = oftenReached(servicesOf(context), late)
      const { trace: whole, ...traceLink } = judgeTraceLink({
        own,
        stored: found.ownTraces,
        services: (often ?? []).map(({ name }) => name),
        nowMs: Date.now(),
        late,
      })
      const trace = whole ?? found.ownTraces.values().next().value
      const [logsLink, linesSpanIds] = await walkToLogs(trace, context)
      const profileLinks =
        often === undefined
          ? [profileLinkUndecided()]
          : await pMap(often, ({ name }) => walkToProfile(name, linesSpanIds, sampled, context), {
              concurrency: 2,
            })
      const start = sampled.values().next().value ?? trace?.spans.find(({ kind }) => kind === 'server')
      return [traceLink, logsLink, ...profileLinks, await walkToMetrics(start, context)]
    },
  }
}

/** Lines of the trace, and the ids of the spans that they were logged in. */
async function walkToLogs(
  trace: Trace | undefined,
  context: Context,
): Promise<[Finding, ReadonlySet<string>]> {
  const { backends, beginMs, signal, requester } = context
  const range = { startMs: beginMs, endMs: Date.now(), limit: MAX_LINES, signal }
  const query = `{service_name=~".+"} | trace_id="${trace?.traceId ?? ''}"`
  const [lines, byRequestId] = await Promise.all([
    trace === undefined ? undefined : answerOf(backends.loki.queryRange(query, range)),
    answerOf(backends.loki.queryRange(`{service_name=~".+"} | request_id=~"${requester.marker}-.+"`, range)),
  ])
  const late = sinceSentMs(context) > patience.logs
  const entries = 'value' in byRequestId ? entriesOf(byRequestId.value) : []
  const spanIds = new Set(entries.flatMap(({ metadata }) => metadata.span_id ?? []))
  return [judgeLogsLink({ trace, query, lines, byRequestId, late }), spanIds]
}

/** The profile of those spans of a service that wrote log lines; of all that have one where no line says its span. */
async function walkToProfile(
  service: string,
  linesSpanIds: ReadonlySet<string>,
  sampled: Map<string, Span>,
  context: Context,
): Promise<Finding> {
  const { backends, beginMs, signal, found } = context
  const all = [...found.ownTraces.values()].flatMap((trace) => trace.spans)
  const spans = all.filter(({ serviceName }) => serviceName === service)
  const linked = spans.filter((span) => profileIdOf(span) !== undefined)
  const logged = linked.filter(({ spanId }) => linesSpanIds.has(spanId))
  const candidates = logged.length > 0 ? logged : linked
  const range = { startMs: beginMs - PROFILE_OVERLAP_MS, endMs: Date.now(), signal }
  const selector = serviceSelector(service)
  const ask = (some: readonly Span[]) =>
    backends.pyroscope.mergeSpanProfile(
      CPU_PROFILE,
      selector,
      some.flatMap((span) => profileIdOf(span) ?? []),
      range,
    )
  const [graph, inAll] = await Promise.all([
    candidates.length === 0 ? undefined : answerOf(ask(candidates)),
    answerOf(backends.pyroscope.mergeStacktraces(CPU_PROFILE, selector, { ...range, startMs: beginMs })),
  ])
  let single = graph
  if (graph !== undefined && 'value' in graph && graph.value.total > 0) {
    const span = await singleOut(candidates, async (some) => (await ask(some)).total > 0)
    if (span !== undefined) {
      sampled.set(service, span)
      single = await answerOf(ask([span]))
    }
  }
  return judgeProfileLink({
    service,
    spans: spans.length,
    profileIds: candidates.flatMap((span) => profileIdOf(span) ?? []),
    othersLinked: all.some((span) => span.serviceName !== service && profileIdOf(span) !== undefined),
    graph: single,
    span: sampled.get(service),
    sampledInAll: 'value' in inAll ? inAll.value.total : 0,
    late: sinceSentMs(context) > patience.profiles,
  })
}

/** Requests of the span's service and route. */
async function walkToMetrics(span: Span | undefined, context: Context): Promise<Finding> {
  const route = span?.attributes['http.route']
  const matchers = [
    `service_name="${span?.serviceName ?? ''}"`,
    ...(typeof route === 'string' ? [`http_route="${route}"`] : []),
  ]
  const query = `sum(${REQUESTS_METRIC}_count{${matchers.join(', ')}})`
  const options = { lookbackMs: sinceBeginMs(context), signal: context.signal }
  const result =
    span === undefined ? undefined : await answerOf(context.backends.prometheus.query(query, options))
  return judgeMetricsLink({ span, query, result, late: sinceSentMs(context) > patience.metrics })
}
