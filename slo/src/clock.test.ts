import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { drillClock, formatDuration, wholeSeconds } from './clock.ts'
import { SLO_FOLDER } from './objectives.ts'

const SECONDS: Record<string, number> = { d: 86_400, h: 3_600, m: 60, s: 1 }

function parse(text: string): number {
  let sum = 0
  for (const [, count, unit] of text.matchAll(/(\d+)([dhms])/g))
    sum += Number(count) * (SECONDS[unit ?? ''] ?? 0)
  return sum
}

test.each([
  [10, '10s'],
  [300, '5m'],
  [8_640, '2h24m'],
  [86_400, '1d'],
  [2_592_000, '30d'],
])('%i s is %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text)
})

test('what is written means the same number of seconds, in units that Prometheus reads', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 400 * 86_400 }), (seconds) => {
      const text = formatDuration(seconds)
      expect(text).toMatch(/^(\d+d)?(\d+h)?(\d+m)?(\d+s)?$/)
      expect(parse(text)).toBe(seconds)
    }),
  )
})

test.each([0, -1, 0.5, Number.NaN])('%d s is no range', (seconds) => {
  expect(() => formatDuration(seconds)).toThrow(RangeError)
})

test.each([
  ['backends/prometheus/prometheus.drill.yaml', 'scrape_interval: '],
  ['collector/collector.yaml', 'scrape_interval: ${env:SCRAPE_INTERVAL:-'],
  ['grafana/provisioning/datasources/faultline.yaml', 'timeInterval: '],
])('%s has the interval of the drill clock', (file, before) => {
  const text = readFileSync(join(SLO_FOLDER, '..', file), 'utf8')
  expect(text).toContain(`${before}${drillClock.intervalMs / 1_000}s`)
})

test('an interval is read in seconds, and anything else is refused by the name of its file', () => {
  expect(wholeSeconds('15s', 'prometheus.yaml')).toBe(15)
  for (const interval of ['1m', '1m30s', '2', '', undefined]) {
    expect(() => wholeSeconds(interval, 'prometheus.yaml')).toThrow(/^prometheus\.yaml: .* such as 2s/)
  }
})
