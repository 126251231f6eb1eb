import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { estimate, median, ratios } from './stats.ts'

const values = fc.array(fc.double({ min: 0.1, max: 1e6, noNaN: true }), { minLength: 1 })

describe('median', () => {
  it('has as many values below as above', () => {
    fc.assert(
      fc.property(values, (list) => {
        const middle = median(list)
        const below = list.filter((value) => value < middle).length
        const above = list.filter((value) => value > middle).length
        expect(Math.max(below, above)).toBeLessThanOrEqual(list.length / 2)
      }),
    )
  })

  it('refuses an empty list', () => {
    expect(() => median([])).toThrow('no median')
  })
})

describe('estimate', () => {
  it.each([
    // Ranks from the table of the sign test, two-sided 5 %: the interval starts after so many values.
    { n: 5, outside: 0 },
    { n: 6, outside: 0 },
    { n: 9, outside: 1 },
    { n: 20, outside: 5 },
    { n: 40, outside: 13 },
    { n: 100, outside: 39 },
  ])('leaves $outside of $n values out on each side', ({ n, outside }) => {
    const { low, high } = estimate(Array.from({ length: n }, (_, index) => n - index))
    expect([low, high]).toEqual([outside + 1, n - outside])
  })

  it('has the median inside', () => {
    fc.assert(
      fc.property(values, (list) => {
        const { low, median: middle, high } = estimate(list)
        expect(low).toBeLessThanOrEqual(middle)
        expect(middle).toBeLessThanOrEqual(high)
      }),
    )
  })
})

describe('ratios', () => {
  it('are not moved by slices in which everything was slower', () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0.1, max: 10, noNaN: true }), (list, factor) => {
        const slower = list.map((value) => value * factor)
        for (const ratio of ratios(slower, list)) expect(ratio).toBeCloseTo(factor)
      }),
    )
  })
})
