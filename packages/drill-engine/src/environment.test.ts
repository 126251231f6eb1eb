import { expect, test } from 'vitest'
import { checkLoad } from './environment.ts'

const summary = (iterations: number, dropped?: number) => ({
  metrics: {
    iterations: { values: { count: iterations, rate: 1 } },
    ...(dropped === undefined ? {} : { dropped_iterations: { values: { count: dropped } } }),
  },
})

test('load that was offered is counted, also when thresholds failed or k6 was asked to end', () => {
  for (const exitCode of [0, 99, 105]) {
    expect(checkLoad({ exitCode, summary: summary(100) })).toEqual({ planned: 100, offered: 100, share: 1 })
  }
  expect(checkLoad({ exitCode: 0, summary: summary(95, 5) }).share).toBe(0.95)
})

test('too little load is a failure of the surroundings', () => {
  expect(() => checkLoad({ exitCode: 0, summary: summary(94, 6) })).toThrow('94 of 100 planned')
  expect(() => checkLoad({ exitCode: 0, summary: { metrics: {} } })).toThrow('0 of 0')
})

test('a load that broke is a failure of the surroundings', () => {
  expect(() => checkLoad({ exitCode: 107, summary: summary(100) })).toThrow('exit code 107')
  expect(() => checkLoad({ exitCode: 0 })).toThrow('no summary')
})
