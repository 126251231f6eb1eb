import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { SLO_FOLDER } from './objectives.ts'
import { ObjectiveError, parseObjective, selectorProblem } from './openslo.ts'

const good = await readFile(join(SLO_FOLDER, 'objectives/catalog-availability.yaml'), 'utf8')

/** The good document with the value at `path` replaced, or removed by `undefined`. */
function changed(path: string, value: unknown): string {
  const document = parse(good)
  const keys = path.split('.')
  const last = keys.pop() ?? ''
  let holder = document
  for (const key of keys) holder = holder[key]
  if (value === undefined) delete holder[last]
  else holder[last] = value
  return stringify(document)
}

test('an OpenSLO document becomes an objective', () => {
  expect(parseObjective(good, 'x.yaml')).toEqual({
    name: 'catalog-availability',
    displayName: 'Catalog availability',
    service: 'catalog',
    target: 0.99,
    errorBudget: 0.01,
    latencySeconds: undefined,
    windowDays: 30,
    indicator: {
      kind: 'bad',
      bad: 'http_server_request_duration_seconds_count{service_name="catalog",http_response_status_code=~"5.."}',
      total: 'http_server_request_duration_seconds_count{service_name="catalog"}',
    },
    alerts: { page: 'CatalogAvailabilityFastBurn', ticket: 'CatalogAvailabilitySlowBurn' },
  })
})

test.each([
  [0.99, '0.01'],
  [0.999, '0.001'],
  [0.995, '0.005'],
  [0.9, '0.1'],
  [0.99999, '0.00001'],
])('a target of %d leaves a budget that reads as it was meant', (target, text) => {
  const { errorBudget } = parseObjective(changed('spec.objectives.0.target', target), 'x.yaml')
  expect(errorBudget).toBe(Number(text))
})

test('the bucket of good events is the objective in seconds', async () => {
  const latency = await readFile(join(SLO_FOLDER, 'objectives/catalog-latency.yaml'), 'utf8')
  expect(parseObjective(latency, 'x.yaml').latencySeconds).toBe(0.25)
})

test.each([
  ['booking-p99-latency', 'BookingP99LatencyFastBurn'],
  ['search', 'SearchFastBurn'],
])('%s pages as %s', (name, page) => {
  expect(parseObjective(changed('metadata.name', name), 'x.yaml').alerts.page).toBe(page)
})

const ratio = 'spec.indicator.spec.ratioMetric'

test.each([
  ['spec.objectives.0.target', 1, 'spec.objectives[0].target: must be below 1'],
  ['spec.objectives.0.target', 0.9999999, 'spec.objectives[0].target: leaves a budget of less than'],
  ['spec.objectives.0.target', '99%', 'spec.objectives[0].target: Invalid input: expected number'],
  ['spec.objectives', [], 'spec.objectives: must hold exactly one objective'],
  ['spec.timeWindow.0.duration', '4w', 'spec.timeWindow[0].duration: must be days'],
  ['spec.timeWindow.0.isRolling', false, 'spec.timeWindow[0].isRolling: must be true'],
  ['spec.budgetingMethod', 'Timeslices', 'spec.budgetingMethod: must be Occurrences'],
  ['spec.service', undefined, 'spec.service: Invalid input: expected string'],
  ['spec.servise', 'catalog', 'spec: Unrecognized key: "servise"'],
  ['metadata.name', 'Catalog Availability', 'metadata.name: must be lower case words'],
  [`${ratio}.counter`, false, `${ratio}.counter: must be true`],
  [`${ratio}.bad`, undefined, `${ratio}: needs either good or bad`],
  [
    `${ratio}.total.metricSource.spec.query`,
    'sum(x)',
    `${ratio}.total.metricSource.spec.query: is more than a series selector`,
  ],
  [`${ratio}.total.metricSource.type`, 'Datadog', `${ratio}.total.metricSource.type: `],
  ['kind', 'AlertPolicy', 'kind: '],
])('%s = %j is refused with its place', (path, value, message) => {
  const attempt = (): unknown => parseObjective(changed(path, value), 'slo/objectives/x.yaml')
  expect(attempt).toThrow(ObjectiveError)
  expect(attempt).toThrow(message)
  expect(attempt).toThrow('slo/objectives/x.yaml:')
})

test.each(['a: [1', '', 'just text'])('%j is refused', (text) => {
  expect(() => parseObjective(text, 'x.yaml')).toThrow(ObjectiveError)
})

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
