import type { FlameGraph, LogResult, Trace } from '@faultline/backends-client'
import { type Answer, failedCall } from '../answer.ts'
import { PROFILE_ID } from '../links/profile-id.ts'
import type { Finding } from '../report/check.ts'
import { entriesOf } from '../signals/judge-logs.ts'
import { CPU_PROFILE } from '../signals/judge-profiles.ts'
import type { OrderJourney, OrderStep } from './take-order.ts'
import { descendsFrom, orderWay, spansAt, type WayStation } from './way.ts'

const NEXT_STEP: Readonly<Record<OrderStep, string>> = {
  'sign in': 'faultline logs gateway; was gateway-migrate run, which makes the demo users?',
  'find a seat': 'faultline logs catalog-1',
  reserve: 'faultline logs booking',
  pay: 'faultline logs booking, then faultline logs payments',
  ticket: 'faultline logs ticketing; faultline dead-letters list; faultline status: does nats run?',
}

const CAUSE: Readonly<Record<OrderStep, string>> = {
  'sign in': 'the gateway does not sign in its demo user',
  'find a seat': 'the catalog has no free seat, or does not answer',
  reserve: 'booking refuses to hold a free seat, or does not answer',
  pay: 'booking, payments or the payment provider does not come to an end with a good card',
  ticket: 'the event of the paid order does not come to ticketing, or it fails to render the ticket',
}

/** Whether a visitor can buy: one of verify's own orders came to its ticket. */
export function judgeOrder(orders: readonly OrderJourney[]): Finding {
  const finding = {
    id: 'order',
    hop: 'order',
    expected: 'sign in, find a seat, reserve, pay and get the ticket',
    query: `${orders.length} order(s) through the gateway`,
    explainedBy: ['reach/gateway', 'requests', 'replica/*'],
    final: true,
  } as const
  const done = orders.find(isDone)
  if (done !== undefined) return { ...finding, status: 'pass', seen: `order ${done.orderId} has its ticket` }
  const last = orders.at(-1)?.broken
  if (last === undefined) return { ...finding, status: 'skipped', seen: 'no order was taken' }
  return {
    ...finding,
    status: 'fail',
    seen: `${last.step}: ${last.seen}`,
    likelyCause: CAUSE[last.step],
    nextStep: NEXT_STEP[last.step],
  }
}

/** An API that sells, but whose document lacks what buying takes: the order must not be left out in silence. */
export function judgeOrderApi(missing: readonly string[]): Finding {
  return {
    id: 'order',
    hop: 'order',
    status: 'fail',
    expected: 'a document with every operation that an order takes',
    seen: `no operation ${missing.join(', ')}`,
    query: 'GET /openapi.json',
    likelyCause: 'an operationId was changed or removed in packages/contracts',
    nextStep: `which operation of /openapi.json is ${missing[0]} now? Name it so again, or tell verify in requests/plan.ts`,
    final: true,
  }
}

export function isDone({ broken, traceId }: OrderJourney): boolean {
  return broken === undefined && traceId !== undefined
}

const EXPLAINED_BY = ['reach/collector', 'reach/tempo', 'requests', 'order', 'collector/delivery']

/** Whether the trace of an order passes every station of its way, each below the one before it. */
export function judgeOrderTrace(
  traceId: string | undefined,
  trace: Answer<Trace | undefined> | undefined,
  late: boolean,
): Finding[] {
  return orderWay.map((station): Finding => {
    const { name, service, kind, from } = station
    const finding = {
      id: orderTraceCheck(name),
      hop: 'order → trace',
      service,
      expected: `a ${kind} span of ${service}${from === undefined ? '' : ` below that of ${from}`}`,
      query: `Tempo, trace ${traceId ?? 'of the order'}`,
      explainedBy: [
        ...EXPLAINED_BY,
        `signal/${service}/traces`,
        'exemplars/stored',
        'link/exemplar-trace',
        ...(from === undefined ? [] : [orderTraceCheck(from)]),
      ],
      final: late,
    } as const
    if (traceId === undefined || trace === undefined)
      return { ...finding, status: 'skipped', seen: 'no order to follow' }
    if ('error' in trace) return { ...finding, ...failedCall(trace.error) }
    if (trace.value === undefined)
      return { ...finding, status: 'fail', seen: 'the trace is not stored', ...whyNone(station) }
    const spans = spansAt(trace.value, station)
    const before = orderWay.find((other) => other.name === from)
    const whole = trace.value
    const joined =
      before === undefined ? spans : spans.filter((span) => descendsFrom(whole, span, spansAt(whole, before)))
    if (joined[0] !== undefined) return { ...finding, status: 'pass', seen: joined[0].name }
    const seen =
      spans.length > 0 ? `${spans.length} such span(s), none below ${from}` : 'no such span in the trace'
    return { ...finding, status: 'fail', seen, ...whyNone(station) }
  })
}

export function orderTraceCheck(station: string): string {
  return `order/trace/${station}`
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

/** Whether every service on the way logged about the order, found by the id of its trace. */
export function judgeOrderLogs(
  traceId: string | undefined,
  lines: Answer<LogResult> | undefined,
  late: boolean,
): Finding {
  const services = [...new Set(orderWay.map(({ service }) => service))]
  const finding = {
    id: 'order/logs',
    hop: 'order → logs',
    expected: `lines of ${services.join(', ')} with the order’s trace id`,
    query: `{service_name=~".+"} | trace_id="${traceId ?? ''}"`,
    explainedBy: [
      'reach/collector',
      'reach/loki',
      'order',
      'order/trace/*',
      'signal/*/logs',
      'link/trace-logs',
    ],
    final: late,
  } as const
  if (traceId === undefined || lines === undefined)
    return { ...finding, status: 'skipped', seen: 'no order to follow' }
  if ('error' in lines) return { ...finding, ...failedCall(lines.error) }
  const entries = entriesOf(lines.value)
  const silent = services.filter((name) => !entries.some(({ labels }) => labels.service_name === name))
  if (silent.length === 0) return { ...finding, status: 'pass', seen: `${entries.length} lines` }
  return {
    ...finding,
    status: 'fail',
    seen: `${entries.length} lines, none of ${silent.join(', ')}`,
    likelyCause: `${silent.join(', ')} logs nothing about the order, or logs it without the trace context`,
    nextStep: `faultline logs ${silent[0]}; have its lines trace_id?`,
  }
}

/**
 * Whether code that ran for an order is found in a profile by the ids of its spans.
 *
 * @param profileIds how many of its spans carry an id to ask by
 * @param unlinked services none of whose spans does
 */
export function judgeOrderProfile(
  profileIds: number,
  unlinked: readonly string[],
  graphs: readonly (readonly [service: string, Answer<FlameGraph>])[],
  late: boolean,
): Finding {
  const finding = {
    id: 'order/profile',
    hop: 'order → profile',
    expected: 'CPU samples taken in a span of one of verify’s own orders',
    query: `SelectMergeSpanProfile ${CPU_PROFILE}, ${profileIds} spans with ${PROFILE_ID}`,
    explainedBy: [
      'reach/collector',
      'reach/pyroscope',
      'order',
      'order/trace/*',
      'signal/*/profiles',
      'link/logs-profile/*',
    ],
    final: late,
  } as const
  if (profileIds === 0 && unlinked.length === 0) {
    return { ...finding, status: 'skipped', seen: 'no order to follow' }
  }
  for (const [, graph] of graphs) if ('error' in graph) return { ...finding, ...failedCall(graph.error) }
  const sampled = graphs.flatMap(([service, graph]) =>
    'value' in graph && graph.value.total > 0
      ? [`${Math.round(graph.value.total / 1e6)} ms in ${service}`]
      : [],
  )
  const without = unlinked.length === 0 ? '' : `; no span of ${unlinked.join(', ')} carries the id`
  if (sampled.length > 0) return { ...finding, status: 'pass', seen: `${sampled.join(', ')}${without}` }
  return {
    ...finding,
    status: 'fail',
    seen: `no sample in any of them${without}`,
    likelyCause: 'profiles of request and message handling come without the ids of their spans',
    nextStep: 'FAULTLINE_PROFILES_SPAN_LABELS of the services; telemetry.messaging.process of ticketing',
  }
}
