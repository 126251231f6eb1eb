import type { Backends, Trace } from '@faultline/backends-client'
import pMap from 'p-map'
import { type CallResult, resultOf } from '../call-result.ts'
import type { Context } from '../context.ts'

/** Traces of verify's own that are read back, those of its orders aside; more would say the same. */
const MAX_FOLLOWED = 40

/** Reads traces of verify's own requests, each again until it is whole. */
export type OwnTraces = ReturnType<typeof createOwnTraces>

export function createOwnTraces({ tempo }: Pick<Backends, 'tempo'>) {
  const known = new Map<string, Trace>()
  /**
   * Those of the traces that are stored; an error where the store cannot be asked. Spans of one trace may come in
   * several batches, so one with fewer services than others is read again.
   */
  return async (ids: readonly string[]): Promise<CallResult<readonly Trace[]>> => {
    const whole = Math.max(1, ...[...known.values()].map((trace) => servicesIn(trace).size))
    const answers = await pMap(
      ids.filter((id) => servicesIn(known.get(id)).size < whole),
      (id) => resultOf(tempo.trace(id)),
      { concurrency: 6 },
    )
    for (const answer of answers) {
      if ('error' in answer) return answer
      if (answer.value !== undefined) known.set(answer.value.traceId, answer.value)
    }
    return { value: ids.flatMap((id) => known.get(id) ?? []) }
  }
}

export function servicesIn(trace: Trace | undefined): Set<string> {
  return new Set(trace?.spans.map(({ serviceName }) => serviceName))
}

/**
 * Ids of traces that are followed to their end: of some of the first requests, as those sent later are too young, and
 * of every order, as what only an order reaches has spans and lines in these alone.
 */
export function followedTraceIds({ requester, sentMs }: Pick<Context, 'requester' | 'sentMs'>): string[] {
  const answered = requester.sent.filter(({ status, startMs }) => status !== undefined && startMs <= sentMs)
  const orders = new Set(requester.orders.flatMap(({ traceId }) => traceId ?? []))
  const ids = answered.map(({ traceId }) => traceId)
  return [...spread(ids, MAX_FOLLOWED).filter((id) => !orders.has(id)), ...orders]
}

/** At most `count` of the items, evenly spread and in order; all of them where there are no more. */
export function spread<T>(items: readonly T[], count: number): readonly T[] {
  if (items.length <= count) return items
  return items.filter(
    (_, at) => Math.floor((at * count) / items.length) !== Math.floor(((at - 1) * count) / items.length),
  )
}
