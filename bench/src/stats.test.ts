import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { median, medianRatio } from './stats.ts'

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

describe('medianRatio', () => {
  it('is not moved by rounds in which everything was slower', () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0.1, max: 10, noNaN: true }), (list, factor) => {
        expect(
          medianRatio(
            list.map((value) => value * factor),
            list,
          ),
        ).toBeCloseTo(factor)
      }),
    )
  })
})
