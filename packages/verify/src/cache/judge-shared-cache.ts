import type { Labels, QueryResult } from '@faultline/backends-client'
import { type Answer, failedCall } from '../answer.ts'
import type { Finding } from '../report/check.ts'

/** Lookups in caches that replicas share; none where no replica has one. */
export const LOOKUPS_QUERY =
  'sum by (service_name, service_instance_id, cache_result) (cache_requests_total{cache_level="shared"})'

export interface SharedCacheEvidence {
  /** {@link LOOKUPS_QUERY} when verify began. */
  readonly before: Answer<QueryResult>
  /** {@link LOOKUPS_QUERY} now. */
  readonly now: Answer<QueryResult>
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
    final: late,
  } as const
  for (const answer of [before, now]) {
    if ('error' in answer) return [{ ...common, id: 'cache', ...failedCall(answer.error) }]
  }
  const start = valuesOf(before)
  const replicas = new Map<string, { labels: Labels; errors: number; answers: number }>()
  for (const [key, { labels, value }] of valuesOf(now)) {
    const earlier = start.get(key)?.value ?? 0
    // a restarted replica counts from zero
    const rise = value >= earlier ? value - earlier : value
    const name = labels.service_instance_id ?? ''
    const replica = replicas.get(name) ?? { labels, errors: 0, answers: 0 }
    replica[labels.cache_result === 'error' ? 'errors' : 'answers'] += rise
    replicas.set(name, replica)
  }
  if (replicas.size === 0) return [{ ...common, id: 'cache', status: 'pass', seen: 'no replica has one' }]
  return [...replicas].map(([name, { labels, errors, answers }]): Finding => {
    const finding = { ...common, id: `cache/${name}`, service: labels.service_name ?? '' }
    const seen = `${errors} of ${errors + answers} failed`
    if (errors > answers) {
      return {
        ...finding,
        status: 'fail',
        seen,
        likelyCause: `${name} is to use a shared cache that does not answer: it does not run, or is elsewhere`,
        nextStep: `faultline status; CACHE_URL of ${name}; faultline logs valkey`,
        explainedBy: [...finding.explainedBy, `replica/${labels.service_name}/${name}`],
      }
    }
    // Until then it may only not have been asked yet.
    if (answers === 0 && !late) return { ...finding, status: 'fail', seen: 'no lookup yet' }
    return { ...finding, status: 'pass', seen }
  })
}

function valuesOf(answer: Answer<QueryResult>): Map<string, { labels: Labels; value: number }> {
  if ('error' in answer || answer.value.type !== 'vector') return new Map()
  return new Map(
    answer.value.series.map(({ labels, sample }) => [
      `${labels.service_name} ${labels.service_instance_id} ${labels.cache_result}`,
      { labels, value: sample?.value ?? 0 },
    ]),
  )
}
