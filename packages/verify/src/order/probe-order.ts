import type { Trace } from '@faultline/backends-client'
import pMap from 'p-map'
import { type Answer, answerOf } from '../answer.ts'
import { type Context, sinceSentMs } from '../context.ts'
import { profileIdOf } from '../links/profile-id.ts'
import { patience } from '../patience.ts'
import type { Probe } from '../probe.ts'
import { CPU_PROFILE, serviceSelector } from '../signals/judge-profiles.ts'
import {
  isDone,
  judgeOrder,
  judgeOrderApi,
  judgeOrderLogs,
  judgeOrderProfile,
  judgeOrderTrace,
} from './judge-order.ts'
import type { OrderJourney } from './take-order.ts'

const MAX_LINES = 200
const PROFILE_OVERLAP_MS = 60_000

/** Buys a seat and follows that order over every service and the broker: its trace, its logs, its profile. */
export const orderProbe: Probe = {
  name: 'order',
  hop: 'order',
  async observe(context) {
    const { requester, found, backends, beginMs, signal } = context
    if (found.sentUntilMs === undefined) return []
    if (requester.sells === false) return [doesNotSell()]
    if (requester.missingOperations.length > 0) return [judgeOrderApi(requester.missingOperations)]
    const done = requester.orders.filter(isDone)
    const traces = await readOrderTraces(done, context)
    const [first] = done
    const whole = traces.find((trace) => 'value' in trace && trace.value !== undefined) ?? traces[0]
    const traceId = (whole !== undefined && 'value' in whole && whole.value?.traceId) || first?.traceId
    const range = { startMs: beginMs, endMs: Date.now(), limit: MAX_LINES, signal }
    const query = `{service_name=~".+"} | trace_id="${traceId}"`
    const lines = traceId === undefined ? undefined : await answerOf(backends.loki.queryRange(query, range))
    return [
      judgeOrder(requester.orders),
      ...judgeOrderTrace(traceId, whole, sinceSentMs(context) > patience.traces),
      judgeOrderLogs(traceId, lines, sinceSentMs(context) > patience.logs),
      await followProfiles(traces, context),
    ]
  },
}

/** Read anew every time: the spans behind the broker come later than those before it. */
function readOrderTraces(
  orders: readonly OrderJourney[],
  { backends, signal }: Context,
): Promise<Answer<Trace | undefined>[]> {
  return pMap(
    orders.flatMap(({ traceId }) => traceId ?? []),
    (traceId) => answerOf(backends.tempo.trace(traceId, { signal })),
    { concurrency: 2 },
  )
}

async function followProfiles(traces: readonly Answer<Trace | undefined>[], context: Context) {
  const { backends, beginMs, signal, found } = context
  const spans = traces.flatMap((trace) => ('value' in trace ? (trace.value?.spans ?? []) : []))
  const range = { startMs: beginMs - PROFILE_OVERLAP_MS, endMs: Date.now(), signal }
  const profileIds = new Map<string, string[]>()
  for (const span of spans) {
    const known = profileIds.get(span.serviceName) ?? []
    const id = profileIdOf(span)
    profileIds.set(span.serviceName, id === undefined ? known : [...known, id])
  }
  const linked = [...profileIds].filter(([, ids]) => ids.length > 0)
  const unlinked = [...profileIds].filter(([, ids]) => ids.length === 0).map(([service]) => service)
  const graphs = await pMap(
    linked,
    async ([service, ids]) => {
      const selector = serviceSelector(service)
      return [
        service,
        await answerOf(backends.pyroscope.mergeSpanProfile(CPU_PROFILE, selector, ids, range)),
      ] as const
    },
    { concurrency: 2 },
  )
  const asked = linked.reduce((sum, [, ids]) => sum + ids.length, 0)
  const late = sinceSentMs(context) > patience.profiles
  const finding = judgeOrderProfile(asked, unlinked.sort(), graphs, late)
  if (finding.status === 'pass') found.orderSampled = true
  return finding
}

function doesNotSell() {
  return {
    id: 'order',
    hop: 'order',
    status: 'skipped',
    notApplicable: true,
    expected: 'an API that sells',
    seen: 'the gateway’s OpenAPI document has no orders',
    query: 'GET /openapi.json',
    final: true,
  } as const
}
