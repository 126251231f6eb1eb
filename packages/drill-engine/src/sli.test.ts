import { expect, test } from 'vitest'
import { mean, secondsUntilGood } from './sli.ts'

const at = (timeMs: number, value: number) => ({ timeMs, value })

test('recovery lasts until the last bad moment', () => {
  const samples = [at(1000, 0.9), at(3000, 0), at(5000, 0.02), at(7000, 0.01)]
  expect(secondsUntilGood(samples, 1000, 0.01)).toBe(4)
})

test('moments before the fault ended do not count, and no bad moment is no time', () => {
  expect(secondsUntilGood([at(1000, 0.9), at(3000, 0)], 2000, 0.01)).toBe(0)
  expect(secondsUntilGood([], 0, 0.01)).toBe(0)
})

test('the mean of nothing is not known', () => {
  expect(mean([])).toBeUndefined()
  expect(mean([at(0, 1), at(1, 3)])).toBe(2)
})
