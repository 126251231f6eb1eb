import pMap from 'p-map'
import { answerOf } from '../answer.ts'
import { type Context, ownTraceIds, sinceSentMs } from '../context.ts'
import { patience } from '../patience.ts'
import type { Probe } from '../probe.ts'
import { ALL_EXEMPLARS, type PlacedExemplar, placedExemplars } from './exemplars.ts'
import { judgeExemplarLink } from './judge-exemplar-link.ts'
import { type Followed, judgeExemplars } from './judge-exemplars.ts'

/** Traces that are looked up; the exemplars of further ones are counted and not followed. */
const MAX_TRACES = 400

/** Ids of the spans of each trace that is followed; undefined while the trace is not found. */
type SpansByTrace = Map<string, ReadonlySet<string> | undefined>

/** Follows every exemplar since verify began to its trace; also finds those of verify's own requests. */
export function exemplarsProbe(): Probe {
  const spans: SpansByTrace = new Map()
  return {
    name: 'exemplars',
    hop: 'exemplar → trace',
    async observe(context) {
      const { backends, beginMs, signal, found, requester } = context
      const late = sinceSentMs(context) > patience.traces
      const nowMs = Date.now()
      const range = { startMs: beginMs, endMs: nowMs, signal }
      const answer = await answerOf(backends.prometheus.queryExemplars(ALL_EXEMPLARS, range))
      const exemplars = 'error' in answer ? answer : { value: placedExemplars(answer.value) }
      const all = 'value' in exemplars ? exemplars.value : []
      noteOwn(all, context)
      for (const { traceId } of all) {
        if (traceId !== undefined && !spans.has(traceId) && spans.size < MAX_TRACES)
          spans.set(traceId, undefined)
      }
      await lookUp(all, spans, context)
      const followed = all.filter(({ traceId }) => spans.has(traceId ?? ''))
      const finding = judgeExemplars({
        exemplars,
        sample: followed.map((exemplar) => ({ exemplar, followed: whereTo(exemplar, spans) })),
        nowMs,
        sent: found.sentUntilMs !== undefined,
        late,
      })
      return [judgeExemplarLink([...found.ownExemplars.values()], requester.sent.length, late), finding]
    },
  }
}

function noteOwn(exemplars: readonly PlacedExemplar[], context: Context): void {
  const own = new Set(ownTraceIds(context))
  for (const exemplar of exemplars) {
    const { traceId = '' } = exemplar
    if (own.has(traceId)) context.found.ownExemplars.set(traceId, exemplar)
  }
}

/**
 * Looks up the traces of exemplars whose span has not been found: spans of one trace may come in several
 * batches. A store that cannot be asked is another check's matter.
 */
async function lookUp(
  exemplars: readonly PlacedExemplar[],
  spans: SpansByTrace,
  { backends, signal }: Context,
): Promise<void> {
  const lost = exemplars.filter((exemplar) => whereTo(exemplar, spans) !== 'stored')
  const missing = new Set(lost.map(({ traceId = '' }) => traceId))
  await pMap(
    [...missing].filter((traceId) => spans.has(traceId)),
    async (traceId) => {
      const answer = await answerOf(backends.tempo.trace(traceId, { signal }))
      if ('error' in answer || answer.value === undefined) return
      spans.set(traceId, new Set(answer.value.spans.map(({ spanId }) => spanId)))
    },
    { concurrency: 6 },
  )
}

function whereTo({ traceId = '', spanId }: PlacedExemplar, spans: SpansByTrace): Followed {
  const ids = spans.get(traceId)
  if (ids === undefined) return 'trace missing'
  return spanId === undefined || ids.has(spanId) ? 'stored' : 'span missing'
}
