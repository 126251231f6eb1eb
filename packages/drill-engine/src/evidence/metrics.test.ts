import type { RangeSeries } from '@faultline/backends-client'
import { describe, expect, test } from 'vitest'
import { metricValue } from './metrics.ts'

const series = (...values: number[]): RangeSeries => ({
  labels: {},
  samples: values.map((value, i) => ({ timeMs: i * 2000, value })),
})
const above = { threshold: { above: 1 } }
const below = { threshold: { below: 1 } }

describe('metricValue', () => {
  test('the worst moment counts: the highest against a floor, the lowest against a ceiling', () => {
    expect(metricValue([series(1, 5, 3)], above)).toBe(5)
    expect(metricValue([series(4, 2, 3)], below)).toBe(2)
  })

  test('of several series the most telling one counts', () => {
    expect(metricValue([series(1, 2), series(7, 0)], above)).toBe(7)
    expect(metricValue([series(1, 2), series(7, 0.5)], below)).toBe(0.5)
  })

  test('the middle moment counts where a single one would mislead', () => {
    expect(metricValue([series(0, 100, 2)], { ...above, reduce: 'median' })).toBe(2)
    expect(metricValue([series(9, 1, 3, 2)], { ...above, reduce: 'median' })).toBe(2)
    expect(metricValue([series(9, 10, 1)], { ...below, reduce: 'median' })).toBe(9)
  })

  test('points that are no numbers say nothing, and no series says nothing at all', () => {
    expect(metricValue([series(Number.NaN, 3, Number.POSITIVE_INFINITY)], above)).toBe(3)
    expect(metricValue([series(Number.NaN)], above)).toBeUndefined()
    expect(metricValue([series(Number.NaN)], { ...above, reduce: 'median' })).toBeUndefined()
    expect(metricValue([], below)).toBeUndefined()
  })

  test('a series without a value does not hide one that has some', () => {
    expect(metricValue([series(), series(4)], below)).toBe(4)
  })
})
