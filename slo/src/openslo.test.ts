import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { parse, stringify } from 'yaml'
import { SLO_FOLDER } from './generate.ts'
import { ObjectiveError, parseObjective } from './openslo.ts'

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
    windowDays: 30,
    indicator: {
      kind: 'bad',
      bad: 'http_server_request_duration_seconds_count{service_name="catalog",http_response_status_code=~"5.."}',
      total: 'http_server_request_duration_seconds_count{service_name="catalog"}',
    },
  })
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
