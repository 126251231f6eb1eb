import type { FlameGraph, Span } from '@faultline/backends-client'
import pMap from 'p-map'
import { type CallResult, failedCall, resultOf, valueOr } from '../call-result.ts'
import { type Context, isLate } from '../context.ts'
import type { Probe } from '../probe.ts'
import { type Finding, fail } from '../report/check.ts'
import { CPU_PROFILE, PROFILE_ID, profileIdOf, spanProfile } from '../signals/profiles.ts'
import { readOrderTraces } from './way.ts'

/** The profiles of the spans of verify's own orders. */
export const orderProfileProbe = (context: Context): Probe => ({
  name: 'order profile',
  hop: 'order → profile',
  late: () => isLate(context, 'profiles'),
  async observe() {
    const traces = await readOrderTraces(context)
    const spans = traces.flatMap((trace) => valueOr(trace, undefined)?.spans ?? [])
    const byService = Map.groupBy(spans, ({ serviceName }) => serviceName)
    const isLinked = (some: readonly Span[]) => some.some((span) => profileIdOf(span) !== undefined)
    const linked = [...byService].filter(([, some]) => isLinked(some))
    const unlinked = [...byService].filter(([, some]) => !isLinked(some)).map(([service]) => service)
    const graphs = await pMap(
      linked,
      async ([service, some]) => [service, await resultOf(spanProfile(context, service, some))] as const,
      { concurrency: 2 },
    )
    const profileIds = spans.filter((span) => profileIdOf(span) !== undefined).length
    return [judgeOrderProfile(profileIds, unlinked.sort(), graphs)]
  },
})

/**
 * Whether code that ran for an order is found in a profile by the ids of its spans.
 *
 * @param profileIds how many of its spans carry an id to ask by
 * @param unlinked services none of whose spans does
 */
export function judgeOrderProfile(
  profileIds: number,
  unlinked: readonly string[],
  graphs: readonly (readonly [service: string, CallResult<FlameGraph>])[],
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
  return fail(finding, {
    seen: `no sample in any of them${without}`,
    likelyCause: 'profiles of request and message handling come without the ids of their spans',
    nextStep: 'FAULTLINE_PROFILES_SPAN_LABELS of the services; telemetry.messaging.process of ticketing',
  })
}
