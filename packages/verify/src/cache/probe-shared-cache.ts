import { answerOf } from '../answer.ts'
import { sinceSentMs } from '../context.ts'
import { patience } from '../patience.ts'
import type { Probe } from '../probe.ts'
import { judgeSharedCache, LOOKUPS_QUERY } from './judge-shared-cache.ts'

/** The cache that replicas share, as those say that use it. */
export const sharedCacheProbe: Probe = {
  name: 'shared cache',
  hop: 'services',
  async observe(context) {
    const { backends, beginMs, signal, found } = context
    if (found.sentUntilMs === undefined) return []
    const [before, now] = await Promise.all([
      answerOf(backends.prometheus.query(LOOKUPS_QUERY, { timeMs: beginMs, signal })),
      answerOf(backends.prometheus.query(LOOKUPS_QUERY, { signal })),
    ])
    return judgeSharedCache({ before, now, late: sinceSentMs(context) > patience.metrics })
  },
}
