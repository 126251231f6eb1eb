import type { Span, Trace } from '@faultline/backends-client'
import { describe, expect, it } from 'vitest'
import { aFlameGraph, anEntry, aSpan, someLines, TRACE_ID, unreachable } from '../testing/factories.ts'
import { judgeOrder, judgeOrderApi } from './order.ts'
import { judgeOrderProfile } from './profile.ts'
import { judgeOrderLogs, judgeOrderTrace, orderWay } from './way.ts'

const done = { orderId: 'o1', reservationId: 'r1', traceId: TRACE_ID }

describe('judgeOrderApi', () => {
  it('fails, and names what is missing', () => {
    expect(judgeOrderApi(['getTicket', 'getOrder'])).toMatchObject({
      id: 'order',
      status: 'fail',
      seen: 'no operation getTicket, getOrder',
      nextStep: expect.stringContaining('getTicket'),
    })
  })
})

describe('judgeOrder', () => {
  it('wants one order with its ticket, whatever became of others', () => {
    const declined = { broken: { step: 'pay', seen: '402' } } as const
    expect(judgeOrder([declined, done]).status).toBe('pass')
    expect(judgeOrder([])).toMatchObject({ status: 'skipped' })
  })

  it.each([
    ['sign in', /demo user/],
    ['reserve', /booking/],
    ['pay', /payment/],
    ['ticket', /ticketing/],
  ] as const)('names the step that fails: %s', (step, cause) => {
    expect(judgeOrder([{ broken: { step, seen: 'GET /x: 503' } }])).toMatchObject({
      status: 'fail',
      hop: 'order',
      seen: `${step}: GET /x: 503`,
      likelyCause: expect.stringMatching(cause),
    })
  })
})

/** The trace of an order: each station below the one from which the context comes, by way of a client span. */
function orderTrace(change: (spans: Span[]) => Span[] = (spans) => spans): Trace {
  const idOf = (name: string) => `span-${name}`
  const spans = orderWay.flatMap(({ name, service, kind, from }): Span[] => {
    const call = `call-${name}`
    const caller = orderWay.find((other) => other.name === from)
    return [
      ...(caller === undefined || kind !== 'server'
        ? []
        : [
            aSpan({
              spanId: call,
              parentSpanId: idOf(caller.name),
              kind: 'client',
              serviceName: caller.service,
            }),
          ]),
      aSpan({
        spanId: idOf(name),
        parentSpanId: from === undefined ? 'verify' : kind === 'server' ? call : idOf(from),
        kind,
        serviceName: service,
        name: `${name} span`,
      }),
    ]
  })
  return { traceId: TRACE_ID, spans: change(spans) }
}

const without = (name: string) =>
  orderTrace((spans) => spans.filter(({ spanId }) => spanId !== `span-${name}`))
const failures = (trace: Trace) =>
  judgeOrderTrace(TRACE_ID, { value: trace }).filter(({ status }) => status === 'fail')

describe('judgeOrderTrace', () => {
  it('finds every station below the one before it', () => {
    const findings = judgeOrderTrace(TRACE_ID, { value: orderTrace() })
    expect(findings.map(({ id, status }) => [id, status])).toEqual(
      orderWay.map(({ name }) => [`order/trace/${name}`, 'pass']),
    )
  })

  it.each([
    ['payments', /booking does not pass the trace context on to payments/],
    ['payment-provider', /payments does not pass/],
    ['publish', /outbox/],
    ['consume', /dropped at the broker/],
  ])('names a missing station and why: %s', (name, cause) => {
    expect(failures(without(name))[0]).toMatchObject({
      id: `order/trace/${name}`,
      likelyCause: expect.stringMatching(cause),
    })
  })

  it('does not take a span of the trace that hangs elsewhere', () => {
    const loose = orderTrace((spans) =>
      spans.map((span) => (span.kind === 'consumer' ? { ...span, parentSpanId: 'nobody' } : span)),
    )
    expect(failures(loose)).toMatchObject([
      { id: 'order/trace/consume', seen: '1 such span(s), none below publish' },
    ])
  })

  it('says what it could not ask, and skips without an order', () => {
    expect(judgeOrderTrace(TRACE_ID, unreachable('tempo'))[0]?.status).toBe('fail')
    expect(judgeOrderTrace(TRACE_ID, { value: undefined })[0]?.seen).toBe('the trace is not stored')
    expect(judgeOrderTrace(undefined, undefined).every(({ status }) => status === 'skipped')).toBe(true)
  })
})

describe('judgeOrderLogs', () => {
  const services = ['gateway', 'booking', 'payments', 'payment-provider', 'ticketing']
  const lines = (names: readonly string[]) =>
    someLines(...names.map((service_name) => anEntry({ labels: { service_name } })))

  it('wants a line of every service on the way', () => {
    expect(judgeOrderLogs(TRACE_ID, lines(services)).status).toBe('pass')
    expect(judgeOrderLogs(TRACE_ID, lines(services.slice(0, -1)))).toMatchObject({
      status: 'fail',
      seen: '4 lines, none of ticketing',
    })
    expect(judgeOrderLogs(undefined, undefined).status).toBe('skipped')
  })
})

describe('judgeOrderProfile', () => {
  it('wants samples in some span of the order', () => {
    const none = ['gateway', { value: aFlameGraph(0) }] as const
    expect(judgeOrderProfile(9, [], [none, ['ticketing', { value: aFlameGraph(3e7) }]])).toMatchObject({
      status: 'pass',
      seen: '30 ms in ticketing',
    })
    expect(judgeOrderProfile(9, [], [none]).status).toBe('fail')
    expect(judgeOrderProfile(0, [], []).status).toBe('skipped')
  })

  it('names the services whose spans it cannot ask for', () => {
    const graphs = [['ticketing', { value: aFlameGraph(3e7) }]] as const
    expect(judgeOrderProfile(9, ['payment-provider'], graphs)).toMatchObject({
      status: 'pass',
      seen: '30 ms in ticketing; no span of payment-provider carries the id',
    })
    expect(judgeOrderProfile(0, ['booking', 'gateway'], []).status).toBe('fail')
  })
})
