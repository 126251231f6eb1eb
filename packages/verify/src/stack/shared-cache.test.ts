import { describe, expect, it } from 'vitest'
import { aVector, unreachable } from '../testing/factories.ts'
import { judgeSharedCache } from './shared-cache.ts'

/** Lookups of a replica by result. */
function lookups(replica: string, results: Readonly<Record<string, number>>) {
  return Object.entries(results).map(
    ([cache_result, value]) =>
      [{ service_name: 'catalog', service_instance_id: replica, cache_result }, value] as const,
  )
}
const none = { hit: 0, miss: 0, error: 0 }
const answer = (...all: readonly ReturnType<typeof lookups>[]) => ({ value: aVector(...all.flat()) })
const judge = (before: ReturnType<typeof answer>, now: ReturnType<typeof answer>, late = true) =>
  judgeSharedCache({ before, now, late })

describe('judgeSharedCache', () => {
  it('fails for the replica whose lookups fail, and says that its cache does not answer', () => {
    const before = answer(lookups('catalog-1', none), lookups('catalog-2', none))
    const now = answer(
      lookups('catalog-1', { hit: 3, miss: 5, error: 1 }),
      lookups('catalog-2', { hit: 0, miss: 0, error: 8 }),
    )
    const [one, two] = judge(before, now)
    expect(one).toMatchObject({ id: 'cache/catalog-1', status: 'pass', seen: '1 of 9 failed' })
    expect(two).toMatchObject({
      id: 'cache/catalog-2',
      service: 'catalog',
      status: 'fail',
      seen: '8 of 8 failed',
      likelyCause: expect.stringContaining('does not answer'),
      nextStep: expect.stringContaining('CACHE_URL'),
    })
  })

  it('does not count what failed before verify began', () => {
    const before = answer(lookups('catalog-1', { hit: 0, miss: 0, error: 900 }))
    const now = answer(lookups('catalog-1', { hit: 1, miss: 0, error: 900 }))
    expect(judge(before, now)).toMatchObject([{ status: 'pass', seen: '0 of 1 failed' }])
  })

  it('counts from zero for a replica that was started again', () => {
    const before = answer(lookups('catalog-1', { hit: 900, miss: 50, error: 7 }))
    const now = answer(lookups('catalog-1', { hit: 0, miss: 0, error: 3 }))
    expect(judge(before, now)).toMatchObject([{ status: 'fail', seen: '3 of 3 failed' }])
  })

  it('waits for a first lookup, and passes when none comes', () => {
    const all = answer(lookups('catalog-1', none))
    expect(judge(all, all, false)).toMatchObject([{ status: 'fail', seen: 'no lookup yet' }])
    expect(judge(all, all)).toMatchObject([{ status: 'pass' }])
  })

  it('passes where no replica has a shared cache', () => {
    expect(judge(answer(), answer())).toMatchObject([{ id: 'cache', status: 'pass' }])
  })

  it('points to Prometheus where it cannot be asked', () => {
    const error = unreachable('prometheus')
    const [finding] = judgeSharedCache({ before: answer(), now: error, late: false })
    expect(finding).toMatchObject({ status: 'fail', explainedBy: ['reach/prometheus'] })
  })
})
