import type { FlameNode, RangeSeries } from '@faultline/backends-client'
import { describe, expect, test } from 'vitest'
import type { Evidence } from '../drill.ts'
import { type Answer, evaluate, evidenceStatus, frameShare, metricValue } from './judge.ts'

const common = { id: 'e', shows: '', because: '' }
const window = { startMs: 0, endMs: 1000 }
const metric: Evidence = { ...common, signal: 'metrics', promql: 'x', unit: 'ratio', threshold: { above: 2 } }
const log: Evidence = { ...common, signal: 'logs', logql: '{}', threshold: { above: 1 } }
const trace: Evidence = { ...common, signal: 'traces', traceql: '{}', threshold: { above: 0 } }
const profile: Evidence = {
  ...common,
  signal: 'profiles',
  profileType: 'p',
  selector: '{}',
  frame: 'f',
  threshold: { below: 0.5 },
}
const metrics = (...values: number[]): Answer => ({
  signal: 'metrics',
  series: [{ labels: {}, samples: values.map((value) => ({ timeMs: 0, value })) }],
})
const entry = { timeMs: 0, line: '', labels: {}, metadata: {} }
const logs = (count: number): Answer => ({ signal: 'logs', entries: Array(count).fill(entry), limit: 9 })
const found = { traceId: 't', startMs: 0, durationMs: 0 }
const traces = (count: number): Answer => ({
  signal: 'traces',
  found: Array(count).fill(found),
  limit: 9,
  example: undefined,
})
const profiles = (f: number): Answer => ({
  signal: 'profiles',
  graph: {
    total: 10,
    root: {
      name: 'total',
      total: 10,
      self: 10 - f,
      children: [{ name: 'f', total: f, self: f, children: [] }],
    },
  },
  window,
  before: undefined,
})

describe('evaluate', () => {
  test.each([
    [metric, metrics(3), 3, true],
    [metric, metrics(2), 2, false],
    [metric, metrics(), undefined, false],
    [log, logs(2), 2, true],
    [log, logs(1), 1, false],
    [trace, traces(1), 1, true],
    [trace, traces(0), 0, false],
    [profile, profiles(4), 0.4, true],
    [profile, profiles(5), 0.5, false],
  ] as const)('a value must be beyond its threshold, not at it (%#)', (evidence, answer, value, met) => {
    expect(evaluate(evidence, answer)).toEqual({ value, met })
  })

  test('no data is no evidence, also where little would be', () => {
    const low: Evidence = { ...metric, threshold: { below: 5 } }
    expect(evaluate(low, metrics())).toEqual({ value: undefined, met: false })
  })

  test.each([
    [metric, logs(1)],
    [log, metrics(1)],
    [trace, logs(1)],
    [profile, traces(1)],
  ] as const)('an answer of another signal is a mistake, not an answer (%#)', (evidence, answer) => {
    expect(() => evaluate(evidence, answer)).toThrow(
      `evidence e in ${evidence.signal} cannot be found in ${answer.signal}`,
    )
  })
})

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

describe('frameShare', () => {
  const node = (name: string, total: number, ...children: FlameNode[]): FlameNode => ({
    name,
    total,
    self: total - children.reduce((sum, child) => sum + child.total, 0),
    children,
  })

  test('what a function calls is in, and a function within itself is not counted twice', () => {
    const root = node('total', 10, node('parse', 6, node('parse', 4)), node('other', 4, node('parse', 1)))
    expect(frameShare({ root, total: 10 }, /^parse$/)).toBeCloseTo(0.7)
    expect(frameShare({ root, total: 10 }, /^absent$/)).toBe(0)
  })

  test('without a profile nothing is known', () => {
    expect(frameShare({ root: node('total', 0), total: 0 }, /parse/)).toBeUndefined()
  })
})

const yes = { value: 1, met: true }
const no = { value: 0, met: false }

test.each([
  ['met', no, yes, no],
  ['met', no, yes, undefined],
  ['evidence-missing', no, no, no],
  ['evidence-missing', yes, no, yes],
  ['evidence-before-fault', yes, yes, no],
  ['evidence-before-fault', yes, yes, yes],
  ['evidence-remains', no, yes, yes],
] as const)(
  'evidence is %s by what it was before, during and after the fault (%#)',
  (status, baseline, fault, recovered) => {
    expect(evidenceStatus({ baseline, fault, recovered })).toBe(status)
  },
)
