import type { Trace } from '@faultline/backends-client'
import pMap from 'p-map'
import { type Answer, answerOf } from '../answer.ts'
import { type Context, followedTraceIds, ownTraceIds, sinceBeginMs, sinceSentMs } from '../context.ts'
import { patience } from '../patience.ts'
import type { Probe } from '../probe.ts'
import type { Service } from '../services/discover.ts'
import { forEachService } from '../services/for-each-service.ts'
import { judgeSpans, spansQuery } from './judge-spans.ts'
import { judgeTraces } from './judge-traces.ts'

/** Traces of verify's own that are read back; more would say the same. */
const MAX_TRACES = 40
const MAX_FOUND = 5

/** Traces of verify's own requests, and which services have spans in them. */
export const tracesProbe: Probe = {
  name: 'traces',
  hop: 'traces',
  async observe(context) {
    if (context.found.sentUntilMs === undefined) return []
    const { found } = context
    // The first requests are followed to their end; those sent later are too young.
    const sentAtFirst = ownTraceIds(context).slice(0, found.sentAtFirst)
    const followed = followedTraceIds(context, sentAtFirst, MAX_TRACES)
    const stored = await readTraces(followed, context)
    const late = sinceSentMs(context) > patience.traces
    return forEachService(context, 'traces', (service) => observe(service, followed, stored, context, late))
  },
}

/**
 * Reads those of the traces that have not been read whole; an error where the store cannot be asked. Spans
 * of one trace may come in several batches, so one with fewer services than others is read again.
 */
export async function readTraces(ids: readonly string[], context: Context): Promise<Answer<Trace[]>> {
  const { backends, found, signal } = context
  const whole = Math.max(1, ...[...found.ownTraces.values()].map(servicesIn))
  const answers = await pMap(
    ids.filter((id) => servicesIn(found.ownTraces.get(id)) < whole),
    (id) => answerOf(backends.tempo.trace(id, { signal })),
    { concurrency: 6 },
  )
  for (const answer of answers) {
    if ('error' in answer) return answer
    if (answer.value !== undefined) found.ownTraces.set(answer.value.traceId, answer.value)
  }
  return { value: ids.flatMap((id) => found.ownTraces.get(id) ?? []) }
}

function servicesIn(trace: Trace | undefined): number {
  return new Set(trace?.spans.map(({ serviceName }) => serviceName)).size
}

async function observe(
  service: Service,
  followed: readonly string[],
  stored: Answer<Trace[]>,
  context: Context,
  late: boolean,
) {
  const { backends, beginMs, signal } = context
  const range = { startMs: beginMs, endMs: Date.now(), limit: MAX_FOUND, signal }
  const others = await answerOf(backends.tempo.search(`{ resource.service.name = "${service.name}" }`, range))
  const counted = await spansSince(service, context)
  const spansAtCollector = 'value' in counted ? counted.value : undefined
  return [
    judgeSpans(service, counted, late),
    judgeTraces(service, { followed, stored, others, spansAtCollector }, late),
  ]
}

/** Spans of the service that the collector's span metrics counted since verify began; undefined where they have no series. */
async function spansSince({ name }: Service, context: Context): Promise<Answer<number | undefined>> {
  const { backends, beginMs, signal } = context
  const query = spansQuery(name)
  const [now, before] = await Promise.all([
    answerOf(backends.prometheus.query(query, { lookbackMs: sinceBeginMs(context), signal })),
    answerOf(backends.prometheus.query(query, { timeMs: beginMs, signal })),
  ])
  if ('error' in now) return now
  if ('error' in before) return before
  const [nowValue, beforeValue = 0] = [now.value, before.value].map((result) =>
    result.type === 'vector' ? result.series[0]?.sample?.value : undefined,
  )
  if (nowValue === undefined) return { value: undefined }
  // A collector that was started since counts from 0 again.
  return { value: nowValue < beforeValue ? nowValue : nowValue - beforeValue }
}
