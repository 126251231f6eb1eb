import { valueOr } from '../call-result.ts'
import { type Context, isLate } from '../context.ts'
import type { Probe } from '../probe.ts'
import { type Finding, fail } from '../report/check.ts'
import { isDone, type OrderJourney, type OrderStep } from '../requests/take-order.ts'
import { linesSinceBegin } from '../signals/logs.ts'
import { judgeOrderLogs, judgeOrderTrace, orderLinesQuery, readOrderTraces } from './way.ts'

const MAX_LINES = 200

/** Follows an order over every service and the broker: its trace and its logs. */
export const orderProbe = (context: Context): Probe => ({
  name: 'order',
  hop: 'order',
  late: () => isLate(context, 'traces'),
  async observe() {
    const { plan, orders } = context.requester
    if (plan?.sells === false) return [doesNotSell]
    if (plan !== undefined && plan.missingOperations.length > 0)
      return [judgeOrderApi(plan.missingOperations)]
    const traces = await readOrderTraces(context)
    const trace = traces.find((one) => 'value' in one && one.value !== undefined) ?? traces[0]
    const traceId = valueOr(trace, undefined)?.traceId ?? orders.find(isDone)?.traceId
    const lines =
      traceId === undefined ? undefined : await linesSinceBegin(context, orderLinesQuery(traceId), MAX_LINES)
    return [judgeOrder(orders), ...judgeOrderTrace(traceId, trace), judgeOrderLogs(traceId, lines)]
  },
})

const WHY: Readonly<Record<OrderStep, Pick<Finding, 'likelyCause' | 'nextStep'>>> = {
  'sign in': {
    likelyCause: 'the gateway does not sign in its demo user',
    nextStep: 'faultline logs gateway; was gateway-migrate run, which makes the demo users?',
  },
  'find a seat': {
    likelyCause: 'the catalog has no free seat, or does not answer',
    nextStep: 'faultline logs catalog-1',
  },
  reserve: {
    likelyCause: 'booking refuses to hold a free seat, or does not answer',
    nextStep: 'faultline logs booking',
  },
  pay: {
    likelyCause: 'booking, payments or the payment provider does not come to an end with a good card',
    nextStep: 'faultline logs booking, then faultline logs payments',
  },
  ticket: {
    likelyCause: 'the event of the paid order does not come to ticketing, or it fails to render the ticket',
    nextStep: 'faultline logs ticketing; faultline dead-letters list; faultline status: does nats run?',
  },
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
  return fail(finding, { seen: `${last.step}: ${last.seen}`, ...WHY[last.step] })
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

const doesNotSell: Finding = {
  id: 'order',
  hop: 'order',
  status: 'skipped',
  notApplicable: true,
  expected: 'an API that sells',
  seen: 'the gateway’s OpenAPI document has no orders',
  query: 'GET /openapi.json',
  final: true,
}
