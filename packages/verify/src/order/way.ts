import type { LogEntry, Span, SpanKind, Trace } from '@faultline/backends-client'
import pMap from 'p-map'
import { type CallResult, failedCall, resultOf } from '../call-result.ts'
import type { Context } from '../context.ts'
import { type Finding, fail } from '../report/check.ts'
import { isDone } from '../requests/take-order.ts'

/** A station that the trace of an order passes. */
interface WayStation {
  readonly name: string
  readonly service: string
  readonly kind: Extract<SpanKind, 'server' | 'producer' | 'consumer'>
  /** Name of the station from which the context comes; undefined: from verify's own request. */
  readonly from: string | undefined
}

/** The way of an order: the one thing that verify knows about the box office by name. */
export const orderWay: readonly WayStation[] = [
  { name: 'gateway', service: 'gateway', kind: 'server', from: undefined },
  { name: 'booking', service: 'booking', kind: 'server', from: 'gateway' },
  { name: 'payments', service: 'payments', kind: 'server', from: 'booking' },
  { name: 'payment-provider', service: 'payment-provider', kind: 'server', from: 'payments' },
  { name: 'publish', service: 'booking', kind: 'producer', from: 'booking' },
  { name: 'consume', service: 'ticketing', kind: 'consumer', from: 'publish' },
]

/** The traces of verify's own orders, read again every time: spans behind the broker come later than those before it. */
export function readOrderTraces({ backends, requester }: Context): Promise<CallResult<Trace | undefined>[]> {
  return pMap(
    requester.orders.filter(isDone).flatMap(({ traceId }) => traceId ?? []),
    (traceId) => resultOf(backends.tempo.trace(traceId)),
    { concurrency: 2 },
  )
}

const EXPLAINED_BY = ['reach/collector', 'reach/tempo', 'requests', 'order', 'collector/delivery']

/** Whether the trace of an order passes every station of its way, each below the one before it. */
export function judgeOrderTrace(
  traceId: string | undefined,
  trace: CallResult<Trace | undefined> | undefined,
): Finding[] {
  return orderWay.map((station): Finding => {
    const { name, service, kind, from } = station
    const finding = {
      id: `order/trace/${name}`,
      hop: 'order → trace',
      service,
      expected: `a ${kind} span of ${service}${from === undefined ? '' : ` below that of ${from}`}`,
      query: `Tempo, trace ${traceId ?? 'of the order'}`,
      explainedBy: [
        ...EXPLAINED_BY,
        `signal/${service}/traces`,
        'exemplars/stored',
        'link/exemplar-trace',
        ...(from === undefined ? [] : [`order/trace/${from}`]),
      ],
    } as const
    if (traceId === undefined || trace === undefined)
      return { ...finding, status: 'skipped', seen: 'no order to follow' }
    if ('error' in trace) return { ...finding, ...failedCall(trace.error) }
    if (trace.value === undefined)
      return fail(finding, { seen: 'the trace is not stored', ...whyNone(station) })
    const { value: whole } = trace
    const spans = spansAt(whole, station)
    const before = orderWay.find((other) => other.name === from)
    const joined =
      before === undefined ? spans : spans.filter((span) => descendsFrom(whole, span, spansAt(whole, before)))
    if (joined[0] !== undefined) return { ...finding, status: 'pass', seen: joined[0].name }
    const seen =
      spans.length > 0 ? `${spans.length} such span(s), none below ${from}` : 'no such span in the trace'
    return fail(finding, { seen, ...whyNone(station) })
  })
}

function whyNone({ name, service, from }: WayStation): Pick<Finding, 'likelyCause' | 'nextStep'> {
  if (name === 'publish') {
    return {
      likelyCause: 'the outbox relay publishes without the trace context of the order that it belongs to',
      nextStep: 'traceparent in the rows of booking’s outbox; telemetry.messaging.send of the relay',
    }
  }
  if (name === 'consume') {
    return {
      likelyCause:
        'the trace context is dropped at the broker: the event’s headers lack traceparent, or the consumer does not read it',
      nextStep: 'the headers of a message in the stream ORDERS; telemetry.messaging.process of ticketing',
    }
  }
  return from === undefined
    ? {
        likelyCause:
          'the gateway does not export its spans, or the sampler drops a trace that is marked to be kept',
        nextStep: `faultline logs ${service}; the policies of tail_sampling in collector/collector.yaml`,
      }
    : {
        likelyCause: `${from} does not pass the trace context on to ${service}, or ${service} does not export its spans`,
        nextStep: `faultline logs ${service}; does the call of ${from} carry traceparent?`,
      }
}

/** Spans of a station. */
function spansAt(trace: Trace, { service, kind }: WayStation): Span[] {
  return trace.spans.filter((span) => span.serviceName === service && span.kind === kind)
}

/** Whether a span has one of `ancestors` above it. */
function descendsFrom(trace: Trace, span: Span, ancestors: readonly Span[]): boolean {
  const byId = new Map(trace.spans.map((one) => [one.spanId, one]))
  const wanted = new Set(ancestors.map(({ spanId }) => spanId))
  const seen = new Set<string>()
  let parent = span.parentSpanId
  while (parent !== undefined && !seen.has(parent)) {
    if (wanted.has(parent)) return true
    seen.add(parent)
    parent = byId.get(parent)?.parentSpanId
  }
  return false
}

export const orderLinesQuery = (traceId: string): string => `{service_name=~".+"} | trace_id="${traceId}"`

/** Whether every service on the way logged about the order, found by the id of its trace. */
export function judgeOrderLogs(
  traceId: string | undefined,
  lines: CallResult<readonly LogEntry[]> | undefined,
): Finding {
  const services = [...new Set(orderWay.map(({ service }) => service))]
  const finding = {
    id: 'order/logs',
    hop: 'order → logs',
    expected: `lines of ${services.join(', ')} with the order’s trace id`,
    query: orderLinesQuery(traceId ?? ''),
    explainedBy: [
      'reach/collector',
      'reach/loki',
      'order',
      'order/trace/*',
      'signal/*/logs',
      'link/trace-logs',
    ],
  } as const
  if (traceId === undefined || lines === undefined)
    return { ...finding, status: 'skipped', seen: 'no order to follow' }
  if ('error' in lines) return { ...finding, ...failedCall(lines.error) }
  const entries = lines.value
  const silent = services.filter((name) => !entries.some(({ labels }) => labels.service_name === name))
  if (silent.length === 0) return { ...finding, status: 'pass', seen: `${entries.length} lines` }
  return fail(finding, {
    seen: `${entries.length} lines, none of ${silent.join(', ')}`,
    likelyCause: `${silent.join(', ')} logs nothing about the order, or logs it without the trace context`,
    nextStep: `faultline logs ${silent[0]}; have its lines trace_id?`,
  })
}
