import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aRequest, NOW_MS } from '../testing/factories.ts'
import { followedTraceIds, spread } from './own-traces.ts'

describe('followedTraceIds', () => {
  it('are some of the first requests that were answered, and every order that has a trace', () => {
    const first = Array.from({ length: 100 }, (_, index) => aRequest({ traceId: `t${index}` }))
    const others = [
      aRequest({ traceId: 'late', startMs: NOW_MS + 1 }),
      aRequest({ traceId: 'unanswered', status: undefined }),
    ]
    const orders = [{ traceId: 't50' }, {}, { traceId: 'order' }]
    const requester = { marker: 'verify', sent: [...first, ...others], orders, plan: undefined }
    const followed = followedTraceIds({ requester, sentMs: NOW_MS })
    expect(followed).toHaveLength(new Set(followed).size)
    expect(followed.slice(-2)).toEqual(['t50', 'order'])
    expect(followed).not.toContain('late')
    expect(followed).not.toContain('unanswered')
    expect(followed.length).toBeGreaterThanOrEqual(41)
    expect(followed.length).toBeLessThanOrEqual(42)
  })
})

describe('spread', () => {
  it('takes exactly as many as asked, in order, with gaps that differ by at most one', () => {
    fc.assert(
      fc.property(fc.nat({ max: 500 }), fc.integer({ min: 1, max: 50 }), (length, count) => {
        const items = Array.from({ length }, (_, at) => at)
        const taken = spread(items, count)
        expect(taken).toHaveLength(Math.min(length, count))
        const gaps = taken.slice(1).map((item, at) => item - (taken[at] ?? 0))
        expect(Math.max(...gaps, 0) - Math.min(...gaps, length)).toBeLessThanOrEqual(1)
      }),
    )
  })
})
