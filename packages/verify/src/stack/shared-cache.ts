import type { InstantSeries, Labels } from '@faultline/backends-client'
import { type CallResult, failedCall, resultOf, valueOr } from '../call-result.ts'
import { type Context, isLate } from '../context.ts'
import type { Probe } from '../probe.ts'
import { type Finding, fail } from '../report/check.ts'
import { rise } from '../signals/metrics.ts'

/** Lookups in caches that replicas share; none where no replica has one. */
const LOOKUPS_QUERY =
  'sum by (service_name, service_instance_id, cache_result) (cache_requests_total{cache_level="shared"})'

/** The cache that replicas share, as those say that use it. */
export const sharedCacheProbe = (context: Context): Probe => ({
  name: 'shared cache',
  hop: 'services',
  late: () => isLate(context, 'metrics'),
  async observe() {
    const { prometheus } = context.backends
    const [before, now] = await Promise.all([
      resultOf(prometheus.query(LOOKUPS_QUERY, { timeMs: context.beginMs })),
      resultOf(prometheus.query(LOOKUPS_QUERY)),
    ])
    return judgeSharedCache({ before, now, late: isLate(context, 'metrics') })
  },
})

interface SharedCacheEvidence {
  /** {@link LOOKUPS_QUERY} when verify began. */
  readonly before: CallResult<readonly InstantSeries[]>
  /** {@link LOOKUPS_QUERY} now. */
  readonly now: CallResult<readonly InstantSeries[]>
  readonly late: boolean
}

/**
 * Whether the cache that replicas share answers each of those that are to use it. A service does without it and no
 * request fails, so nothing else would tell. A few lookups may fail: each has some ten milliseconds.
 */
export function judgeSharedCache({ before, now, late }: SharedCacheEvidence): Finding[] {
  const common = {
    hop: 'services',
    expected: 'lookups in the shared cache are answered',
    query: LOOKUPS_QUERY,
    explainedBy: ['reach/collector', 'reach/prometheus'],
  } as const
  for (const answer of [before, now]) {
    if ('error' in answer) return [{ ...common, id: 'cache', ...failedCall(answer.error) }]
  }
  const start = new Map(valueOr(before, []).map(({ labels, value }) => [keyOf(labels), value]))
  const replicas = new Map<string, { labels: Labels; errors: number; answers: number }>()
  for (const { labels, value } of valueOr(now, [])) {
    const name = labels.service_instance_id ?? ''
    const replica = replicas.get(name) ?? { labels, errors: 0, answers: 0 }
    replica[labels.cache_result === 'error' ? 'errors' : 'answers'] += rise(start.get(keyOf(labels)), value)
    replicas.set(name, replica)
  }
  if (replicas.size === 0) return [{ ...common, id: 'cache', status: 'pass', seen: 'no replica has one' }]
  return [...replicas].map(([name, { labels, errors, answers }]): Finding => {
    const finding = { ...common, id: `cache/${name}`, service: labels.service_name ?? '' }
    const seen = `${errors} of ${errors + answers} failed`
    if (errors > answers) {
      return fail(finding, {
        seen,
        likelyCause: `${name} is to use a shared cache that does not answer: it does not run, or is elsewhere`,
        nextStep: `faultline status; CACHE_URL of ${name}; faultline logs valkey`,
        explainedBy: [...finding.explainedBy, `replica/${labels.service_name}/${name}`],
      })
    }
    // Until then it may only not have been asked yet.
    if (answers === 0 && !late) return fail(finding, { seen: 'no lookup yet' })
    return { ...finding, status: 'pass', seen }
  })
}

function keyOf({ service_name, service_instance_id, cache_result }: Labels): string {
  return `${service_name} ${service_instance_id} ${cache_result}`
}
