import { describe, expect, test } from 'vitest'
import type { Evidence } from '../drill.ts'
import type { Answer } from './answer.ts'
import { evaluate } from './evaluate.ts'

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
  measure: 'share',
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
