import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { spread } from './spread.ts'

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
