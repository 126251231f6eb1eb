import { answerOf } from '../answer.ts'
import { sinceBeginMs, sinceSentMs } from '../context.ts'
import { patience } from '../patience.ts'
import type { Probe } from '../probe.ts'
import { judgeDelivery, judgeLosses, LOSSES_QUERY, queueQuery } from './judge-collector.ts'

/** Verify has sent enough through the collector to see whether it loses any of it, in ms. */
const OBSERVED_MS = 8_000

/** What the collector says about itself, once requests have gone through it. */
export const collectorProbe: Probe = {
  name: 'collector',
  hop: 'collector',
  async observe(context) {
    const { backends, beginMs, signal, hopeless } = context
    if (sinceSentMs(context) < OBSERVED_MS && !hopeless.has('reach/collector')) return []
    const query = queueQuery(Math.floor(sinceBeginMs(context) / 1_000))
    const [before, now, queues] = await Promise.all([
      answerOf(backends.prometheus.query(LOSSES_QUERY, { timeMs: beginMs, signal })),
      answerOf(backends.prometheus.query(LOSSES_QUERY, { signal })),
      answerOf(backends.prometheus.query(query, { signal })),
    ])
    const late = sinceSentMs(context) > patience.metrics
    const evidence = { before, now, queues, queuesQuery: query, late }
    return [judgeLosses(evidence), judgeDelivery(evidence)]
  },
}
