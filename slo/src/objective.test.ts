import fc from 'fast-check'
import { expect, test } from 'vitest'
import { alertPrefix, errorBudget, type Objective } from './objective.ts'

function objective(values: Partial<Objective>): Objective {
  return {
    name: 'catalog-latency',
    displayName: 'Catalog latency',
    service: 'catalog',
    target: 0.99,
    windowDays: 30,
    indicator: { kind: 'good', good: 'good_total', total: 'all_total' },
    ...values,
  }
}

test.each([
  [0.99, '0.01'],
  [0.999, '0.001'],
  [0.995, '0.005'],
  [0.9, '0.1'],
  [0.99999, '0.00001'],
])('a target of %d leaves a budget that reads as it was meant', (target, text) => {
  expect(errorBudget(objective({ target }))).toBe(Number(text))
})

test('target and budget make one', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.5, max: 0.999999, noNaN: true }), (target) => {
      expect(errorBudget(objective({ target })) + target).toBeCloseTo(1, 9)
    }),
  )
})

test.each([
  ['catalog-latency', 'CatalogLatency'],
  ['booking-p99-latency', 'BookingP99Latency'],
  ['search', 'Search'],
])('alerts of %s start with %s', (name, prefix) => {
  expect(alertPrefix(objective({ name }))).toBe(prefix)
})
