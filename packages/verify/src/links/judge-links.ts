import type { FlameGraph, LogResult, QueryResult, Span, Trace } from '@faultline/backends-client'
import { stacksOf } from '@faultline/backends-client'
import { type Answer, failedCall } from '../answer.ts'
import type { Finding } from '../report/check.ts'
import { entriesOf, shorten } from '../signals/judge-logs.ts'
import { REQUESTS_METRIC } from '../signals/judge-metrics.ts'
import { CPU_PROFILE, serviceSelector } from '../signals/judge-profiles.ts'
import { ALL_EXEMPLARS, describeExemplar, type PlacedExemplar } from './exemplars.ts'

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

export interface TraceLinkEvidence {
  /** Exemplars of verify's own requests, oldest first. */
  readonly own: readonly PlacedExemplar[]
  /** Stored traces among those that they point to. */
  readonly stored: ReadonlyMap<string, Trace>
  /** Services that verify's own requests reached. */
  readonly services: readonly string[]
  readonly nowMs: number
  readonly late: boolean
  /** Checks that explain it when traces are lost before the sampler. */
  readonly explainedBy: readonly string[]
}

/** Hop from an exemplar to its trace, which shows the whole way of the request. */
export function judgeTraceLink(evidence: TraceLinkEvidence): Finding & { readonly trace?: Trace } {
  const { own, stored, services, nowMs, late, explainedBy } = evidence
  const traces = own.flatMap(({ traceId }) => stored.get(traceId ?? '') ?? [])
  const whole = traces.find((trace) => services.every((name) => servicesIn(trace).has(name)))
  const missing = own.find(({ traceId }) => !stored.has(traceId ?? ''))
  const finding = {
    id: 'link/exemplar-trace',
    hop: 'exemplar → trace',
    expected: `the trace is stored, with spans of ${services.join(' and ') || 'every service'}`,
    query: `Tempo, trace ${missing?.traceId ?? whole?.traceId ?? 'of the exemplar'}`,
    explainedBy: [
      'reach/collector',
      'reach/tempo',
      'link/metrics-exemplar',
      'collector/delivery',
      ...explainedBy,
    ],
    final: late,
  } as const
  if (whole !== undefined) {
    const spans = `${whole.spans.length} spans of ${[...servicesIn(whole)].sort().join(', ')}`
    return { ...finding, query: `Tempo, trace ${whole.traceId}`, status: 'pass', seen: spans, trace: whole }
  }
  if (own.length === 0) return { ...finding, status: 'skipped', seen: 'no exemplar to start from' }
  if (traces[0] !== undefined) {
    const seen = `stored, with spans of ${[...servicesIn(traces[0])].join(', ')} only`
    return {
      ...finding,
      status: 'fail',
      seen,
      trace: traces[0],
      likelyCause: 'the trace context is not passed on, or a service does not export its spans',
      nextStep: 'does the caller send traceparent, and has the callee’s span the same trace id?',
    }
  }
  return {
    ...finding,
    status: 'fail',
    seen: missing === undefined ? 'not looked up' : `${describeExemplar(missing, nowMs)}, is not stored`,
    likelyCause: 'the sampler drops the trace although its request was marked to be kept',
    nextStep: 'the policies of tail_sampling in collector/collector.yaml: is sampling.keep among them?',
  }
}

function servicesIn(trace: Trace): Set<string> {
  return new Set(trace.spans.map(({ serviceName }) => serviceName))
}

export interface LogsLinkEvidence {
  /** Where the hop starts. */
  readonly trace: Trace | undefined
  readonly query: string
  /** Lines with the trace's id. */
  readonly lines: Answer<LogResult> | undefined
  /** Lines of verify's own requests by request id, whatever trace they say. */
  readonly byRequestId: Answer<LogResult>
  readonly late: boolean
}

/** Hop from a trace to what each service logged about it. */
export function judgeLogsLink({ trace, query, lines, byRequestId, late }: LogsLinkEvidence): Finding {
  const served = trace === undefined ? [] : servicesWithServerSpan(trace)
  const finding = {
    id: 'link/trace-logs',
    hop: 'trace → logs',
    expected: `a line of each of ${served.join(', ') || 'the services'} with the trace’s id and one of its span ids`,
    query: shorten(query),
    explainedBy: ['reach/loki', 'reach/collector', 'signal/*/logs', 'link/exemplar-trace'],
    final: late,
  } as const
  const own = 'value' in byRequestId ? entriesOf(byRequestId.value) : []
  const untraced = own.length > 0 && own.every(({ metadata }) => metadata.trace_id === undefined)
  if (untraced) {
    return {
      ...finding,
      status: 'fail',
      seen: `${own.length} lines of verify’s own requests, none with a trace id`,
      likelyCause: 'logs leave the trace context out: the record’s trace_id is empty when it reaches Loki',
      nextStep:
        'the logger’s trace context in packages/telemetry; the processors of the logs pipeline in collector/collector.yaml',
      // The lines are there and will not change.
      final: true,
    }
  }
  if (trace === undefined || lines === undefined)
    return { ...finding, status: 'skipped', seen: 'no trace to start from' }
  if ('error' in lines) return { ...finding, ...failedCall(lines.error) }
  const entries = entriesOf(lines.value)
  const spanIds = new Set(trace.spans.map(({ spanId }) => spanId))
  const silent = served.filter(
    (name) =>
      !entries.some(
        ({ labels, metadata }) => labels.service_name === name && spanIds.has(metadata.span_id ?? ''),
      ),
  )
  if (silent.length === 0 && entries.length > 0) {
    return { ...finding, status: 'pass', seen: `${entries.length} lines of ${served.join(', ')}` }
  }
  return {
    ...finding,
    status: 'fail',
    seen:
      entries.length === 0
        ? 'no line with the trace’s id'
        : `no line of ${silent.join(', ')} with one of its span ids`,
    likelyCause: `${silent.join(', ') || 'the services'} does not log the request, or logs without the trace context`,
    nextStep: `look at lines of ${silent[0] ?? 'the services'} in Loki: have they trace_id and span_id?`,
  }
}

function servicesWithServerSpan(trace: Trace): string[] {
  const names = trace.spans.filter(({ kind }) => kind === 'server').map(({ serviceName }) => serviceName)
  return [...new Set(names)].sort()
}

export interface ProfileLinkEvidence {
  readonly service: string
  /** Spans of verify's own requests that were asked for. */
  readonly spanIds: readonly string[]
  readonly graph: Answer<FlameGraph> | undefined
  /** The one span that was sampled, where it has been singled out. */
  readonly span: Span | undefined
  /** What of the service was sampled in all since verify began, in the profile's unit. */
  readonly sampledInAll: number
  readonly late: boolean
}

/** Hop from what a request logged to the code that it spent its time in. */
export function judgeProfileLink(evidence: ProfileLinkEvidence): Finding {
  const { service, spanIds, graph, span, sampledInAll, late } = evidence
  const finding = {
    id: `link/logs-profile/${service}`,
    hop: 'logs → span profile',
    service,
    expected: 'CPU samples taken while one of verify’s own spans was running',
    query: `SelectMergeSpanProfile ${CPU_PROFILE} ${serviceSelector(service)}, ${spanIds.length} span ids`,
    explainedBy: [
      'reach/pyroscope',
      'reach/collector',
      'requests',
      `signal/${service}/profiles`,
      `signal/${service}/traces`,
    ],
    final: late,
  } as const
  if (spanIds.length === 0 || graph === undefined) {
    return {
      ...finding,
      status: 'skipped',
      seen: 'no span to start from',
      explainedBy: [...finding.explainedBy, 'link/exemplar-trace'],
    }
  }
  if ('error' in graph) return { ...finding, ...failedCall(graph.error) }
  if (graph.value.total > 0) {
    const [top] = stacksOf(graph.value)
    const where = span === undefined ? `${spanIds.length} spans` : `span ${span.spanId} (${span.name})`
    const seen = `${Math.round(graph.value.total / 1e6)} ms of CPU in ${where}, most in ${top?.frames.at(-1) ?? '?'}`
    return { ...finding, status: 'pass', seen }
  }
  return {
    ...finding,
    status: 'fail',
    seen: `no sample in ${spanIds.length} spans; ${Math.round(sampledInAll / 1e6)} ms of CPU in samples without a span`,
    likelyCause:
      sampledInAll > 0
        ? 'profiles arrive without their labels: samples do not say which span they belong to'
        : 'no profile arrives',
    nextStep:
      'FAULTLINE_PROFILES_SPAN_LABELS of the service (Node 24 is needed); the links of samples in the profiles pipeline',
  }
}

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
