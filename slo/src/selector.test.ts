import { expect, test } from 'vitest'
import { selectorProblem } from './selector.ts'

test.each(['requests_total', 'requests_total{code=~"5..",le="0.25"}', '{__name__="requests_total"}'])(
  '%s is a selector',
  (query) => {
    expect(selectorProblem(query)).toBeUndefined()
  },
)

test.each([
  ['requests_total{code=~"5..}', /cannot be read at character/],
  ['', /more than a series selector|cannot be read/],
  ['rate(requests_total[5m])', /more than a series selector/],
  ['requests_total[5m]', /more than a series selector/],
  ['sum(requests_total)', /more than a series selector/],
  ['requests_total offset 5m', /more than a series selector/],
  ['requests_total + errors_total', /more than a series selector/],
])('%s is not', (query, problem) => {
  expect(selectorProblem(query)).toMatch(problem)
})
