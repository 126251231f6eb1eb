import pMap from 'p-map'
import { answerOf } from '../answer.ts'
import { type Context, ownTraceIds, sinceSentMs } from '../context.ts'
import { patience } from '../patience.ts'
import type { Probe } from '../probe.ts'
import { spread } from '../spread.ts'
import { ALL_EXEMPLARS, type PlacedExemplar, placedExemplars } from './exemplars.ts'
import { type Followed, judgeExemplars } from './judge-exemplars.ts'
import { lostBeforeSampler } from './lost.ts'

/** Exemplars that are followed. */
const MAX_FOLLOWED = 300

/** Follows every exemplar since verify began to its trace; also finds those of verify's own requests. */
export function exemplarsProbe(): Probe {
  const followed = new Map<string, Followed>()
  return {
    name: 'exemplars',
    async observe(context) {
      const { backends, beginMs, signal, found } = context
      const nowMs = Date.now()
      const answer = await answerOf(
        backends.prometheus.queryExemplars(ALL_EXEMPLARS, { startMs: beginMs, endMs: nowMs, signal }),
      )
      const exemplars = 'error' in answer ? answer : { value: placedExemplars(answer.value) }
      const all = 'value' in exemplars ? exemplars.value : []
      const own = new Set(ownTraceIds(context))
      for (const exemplar of all) {
        const { traceId = '' } = exemplar
        if (own.has(traceId) && !found.ownExemplars.has(traceId)) found.ownExemplars.set(traceId, exemplar)
      }
      const sample = spread(all, MAX_FOLLOWED)
      await follow(
        sample.filter((exemplar) => followed.get(keyOf(exemplar)) !== 'stored'),
        followed,
        context,
      )
      const finding = judgeExemplars({
        exemplars,
        sample: sample.map((exemplar) => ({ exemplar, followed: followed.get(keyOf(exemplar)) })),
        nowMs,
        sent: found.sentUntilMs !== undefined,
        late: sinceSentMs(context) > patience.traces,
        explainedBy: lostBeforeSampler(found),
      })
      return [finding]
    },
  }
}

function keyOf({ traceId, spanId }: PlacedExemplar): string {
  return `${traceId}/${spanId}`
}

/** Looks each exemplar's trace up once, whatever number of series has it. */
async function follow(
  exemplars: readonly PlacedExemplar[],
  followed: Map<string, Followed>,
  { backends, signal }: Context,
): Promise<void> {
  const byTrace = Map.groupBy(exemplars, ({ traceId = '' }) => traceId)
  await pMap(
    byTrace,
    async ([traceId, ofTrace]) => {
      if (traceId === '') return
      const answer = await answerOf(backends.tempo.trace(traceId, { signal }))
      if ('error' in answer) return
      const spanIds =
        answer.value === undefined ? undefined : new Set(answer.value.spans.map(({ spanId }) => spanId))
      for (const exemplar of ofTrace) followed.set(keyOf(exemplar), whereTo(exemplar, spanIds))
    },
    { concurrency: 6 },
  )
}

function whereTo({ spanId }: PlacedExemplar, spanIds: ReadonlySet<string> | undefined): Followed {
  if (spanIds === undefined) return 'trace missing'
  return spanId === undefined || spanIds.has(spanId) ? 'stored' : 'span missing'
}
