import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { exemplarsAnswer, instantAnswer, rulesAnswer, sampleValue } from './prometheus.ts'

const success = (data: unknown) => ({ status: 'success', data })

/** As Go's strconv.FormatFloat writes it for Prometheus. */
function written(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  return Object.is(value, -0) ? '-0' : String(value)
}

describe('sample values', () => {
  it('come back as they were written', () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        expect(sampleValue.parse(written(value))).toBe(value)
      }),
    )
  })

  it.each([
    ['NaN', Number.NaN],
    ['+Inf', Number.POSITIVE_INFINITY],
    ['-Inf', Number.NEGATIVE_INFINITY],
  ])('are %s', (text, value) => {
    expect(sampleValue.parse(text)).toBe(value)
  })

  it.each(['', ' ', 'one', '1,5', '0x'])('are not made of %j', (text) => {
    expect(sampleValue.safeParse(text).success).toBe(false)
  })
})

describe('query', () => {
  it('reads a vector, and a scalar as a series without labels', () => {
    const vector = {
      ...success({
        resultType: 'vector',
        result: [{ metric: { job: 'a' }, value: [1700000000.123, '1.5'] }],
      }),
      warnings: ['partial'],
    }
    expect(instantAnswer.parse(vector)).toEqual([{ labels: { job: 'a' }, value: 1.5 }])
    const scalar = success({ resultType: 'scalar', result: [1, 'NaN'] })
    expect(instantAnswer.parse(scalar)).toEqual([{ labels: {}, value: Number.NaN }])
  })

  it('accepts nothing but an answer, whatever comes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        expect(instantAnswer.safeParse(json).success).toBe(false)
      }),
    )
  })
})

describe('exemplars', () => {
  const exemplars = (timestamp: number) => [
    { labels: { trace_id: 'abc', span_id: 'def' }, value: '0.05', timestamp },
    { labels: {}, value: '0.06', timestamp },
  ]

  it('lift the ids out of their labels', () => {
    const answer = success([{ seriesLabels: { le: '0.1' }, exemplars: exemplars(1700000000.5) }])
    expect(exemplarsAnswer.parse(answer)[0]?.exemplars).toEqual([
      { traceId: 'abc', spanId: 'def', timeMs: 1700000000500 },
      { timeMs: 1700000000500 },
    ])
    expect(exemplarsAnswer.parse(success(null))).toEqual([])
  })

  it('keep the millisecond of every timestamp', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), (ms) => {
        const answer = success([{ seriesLabels: {}, exemplars: exemplars(ms / 1000) }])
        expect(exemplarsAnswer.parse(answer)[0]?.exemplars[0]?.timeMs).toBe(ms)
      }),
    )
  })
})

describe('rules', () => {
  it('stand flat with their group, durations in ms and no time before the first evaluation', () => {
    const rule = { query: 'up', health: 'unknown', evaluationTime: 0 }
    const rules = [
      { ...rule, type: 'recording', name: 'a:b', lastEvaluation: '0001-01-01T00:00:00Z' },
      { ...rule, type: 'alerting', name: 'Down', state: 'firing', lastEvaluation: '2026-11-23T05:00:00.5Z' },
    ]
    const answer = success({ groups: [{ name: 'g', file: 'f.yaml', interval: 2, rules }] })
    expect(rulesAnswer.parse(answer)).toMatchObject([
      { type: 'recording', name: 'a:b', group: 'g', intervalMs: 2000, lastEvaluationMs: undefined },
      { type: 'alerting', name: 'Down', lastEvaluationMs: Date.UTC(2026, 10, 23, 5, 0, 0, 500) },
    ])
  })
})
