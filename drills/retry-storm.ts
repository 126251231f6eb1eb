import { defineDrill } from '@faultline/drill-engine'

const ORDERS =
  'http_server_request_duration_seconds_count{service_name="gateway", http_request_method="POST", http_route="/v1/orders"'
/** Share of orders whose payment is not known when they are answered, or that fail; a fresh kit has no series of such. */
const UNCONFIRMED = `(sum(rate(${ORDERS}, http_response_status_code=~"202|5.."}[6s])) or vector(0)) / sum(rate(${ORDERS}}[6s]))`
const PROVIDER_CALL =
  '{ resource.service.name = "payments" && span.peer.service = "payment-provider" && duration > 900ms }'

export default defineDrill({
  name: 'retry-storm',
  title: 'The payment provider was slow for half a minute, and retries keep it down',
  teaches:
    'Retries in three layers multiply: one order becomes some twenty calls. Once they alone are more than the provider can work off, taking the trigger away cures nothing (a metastable failure). Only sending less does.',
  // A sixteenth of what the provider takes (6 workers, 87 ms each: 69 requests a second). Given up by payments after 1 s and
  // by booking after 2 s, an order is sixteen calls, and those that are asked about again add some 25 a second: 89.
  load: { scenario: 'drill-orders', rate: 4 },
  faults: [
    {
      kind: 'toxic',
      proxy: 'payment-provider',
      type: 'latency',
      stream: 'downstream',
      attributes: { latency: 3000, jitter: 0 },
    },
  ],
  evidence: [
    {
      id: 'orders-stay-unconfirmed',
      signal: 'metrics',
      shows: 'Orders are answered without anybody knowing whether they are paid',
      promql: UNCONFIRMED,
      unit: 'ratio',
      threshold: { above: 0.5 },
      because: 'in health every order is confirmed or declined; half of them open is an outage of the sale',
    },
    {
      id: 'calls-multiply',
      signal: 'metrics',
      shows: 'Payments calls the provider many times for each order',
      promql: `sum(rate(http_client_request_duration_seconds_count{service_name="payments", peer_service="payment-provider"}[10s])) / sum(rate(${ORDERS}}[10s]))`,
      unit: 'count',
      threshold: { above: 5 },
      because:
        'in health it is one call an order; one layer of retries makes at most four of it, so more than five needs layers',
    },
    {
      id: 'provider-queue-grows',
      signal: 'metrics',
      shows: 'Requests pile up at the provider, most of them from callers that have long gone',
      promql: 'sum(payment_provider_queue_length{service_name="payment-provider"})',
      unit: 'count',
      threshold: { above: 70 },
      because:
        'the provider works off about 66 requests a second: with 70 before it a caller with a second of patience waits in vain',
    },
    {
      id: 'payments-gives-up',
      signal: 'logs',
      shows: 'Payments logs again and again that it does not know whether an order is paid',
      logql: '{service_name="payments"} |= "not known whether it is paid; found out later"',
      threshold: { above: 5 },
      because:
        'in health it happens once in a while, when the provider loses an answer; more than five in a phase do not',
    },
    {
      id: 'calls-time-out',
      signal: 'traces',
      shows: 'The trace of an order is a ladder of calls to the provider, each given up after a second',
      traceql: PROVIDER_CALL,
      threshold: { above: 10 },
      because:
        'the provider answers in 80 ms, so a call of 900 ms is one that is given up; a few orders of the baseline are still under way when the fault begins',
    },
    {
      id: 'payments-works-on-giving-up',
      signal: 'profiles',
      shows: 'Payments spends its CPU on giving up: it aborts calls and closes their connections',
      profileType: 'process_cpu:cpu:nanoseconds:cpu:nanoseconds',
      selector: '{service_name="payments"}',
      frame: '^abortSignal$',
      threshold: { above: 0.02 },
      because: 'in health no call is aborted, so the function is not in the profile at all',
    },
  ],
  objectives: ['booking-latency', 'booking-success'],
  cause: {
    service: 'payments',
    span: '^(POST|GET)',
    statement: 'callNaively in the HTTP client of gateway, booking and payments: up to 4 × 4 × 4 attempts',
    explanation:
      'Each layer repeats what fails at once, three times more, with no common deadline or budget. The provider works for callers that have gone, so what it answers in time becomes less and less, which makes for more retries.',
    traceql: PROVIDER_CALL,
  },
  redHerrings: [
    {
      explanation: 'More people buy than before',
      looksRightBecause: 'the provider gets twenty times as many requests',
      refutedBy: {
        shows: 'the gateway gets as many orders as before',
        promql: `sum(rate(${ORDERS}}[20s]))`,
        unit: 'per second',
        threshold: { below: 6 },
        because: 'the load is 4 orders a second; half as many again would be no storm',
        reduce: 'median',
      },
    },
    {
      explanation: 'The database of payments is slow',
      looksRightBecause: 'payments answers late, and each charge is a row that must be durable first',
      refutedBy: {
        shows: 'its statements take milliseconds',
        promql:
          'sum(rate(db_client_operation_duration_seconds_sum{service_name="payments"}[20s])) / sum(rate(db_client_operation_duration_seconds_count{service_name="payments"}[20s]))',
        unit: 'seconds',
        threshold: { below: 0.1 },
        because: 'orders take seconds: statements of less than 100 ms are not where they go',
        reduce: 'median',
      },
    },
  ],
  recovery: {
    kind: 'metastable',
    staysBadSeconds: 60,
    errorRatioAbove: 0.5,
    recoveredBelow: 0.05,
    promql: UNCONFIRMED,
    returnsWithinSeconds: 20,
  },
  protection: {
    title: 'retries within budget and deadline, behind a breaker',
    explanation:
      'The flag retry-policy gives all three layers their protected policy back: retries take from a budget and end with the deadline of the request, and a breaker spares a provider that does not answer.',
    price:
      'While the provider is slow, orders are still answered as pending (202) and confirmed later: the protection keeps answers quick and the provider alive, it cannot make the provider fast.',
    without: [{ kind: 'flag', name: 'retry-policy', value: 'naive' }],
  },
  seconds: { baseline: 30, fault: 30, faultAtMost: 60, recoveryAtMost: 80, cure: 40 },
})
