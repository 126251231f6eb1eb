import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as schemas from './schemas.ts'

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
        expect(schemas.sampleValue.parse(written(value))).toBe(value)
      }),
    )
  })

  it.each([
    ['NaN', Number.NaN],
    ['+Inf', Number.POSITIVE_INFINITY],
    ['-Inf', Number.NEGATIVE_INFINITY],
  ])('are %s', (text, value) => {
    expect(schemas.sampleValue.parse(text)).toBe(value)
  })

  it.each(['', ' ', 'one', '1,5', '0x'])('are not made of %j', (text) => {
    expect(schemas.sampleValue.safeParse(text).success).toBe(false)
  })
})

describe('query', () => {
  it('reads a vector with floats and native histograms', () => {
    const result = schemas.queryAnswer.parse({
      ...success({
        resultType: 'vector',
        result: [
          { metric: { job: 'a' }, value: [1700000000.123, '1.5'] },
          { metric: { job: 'b' }, histogram: [1700000001, { count: '3', sum: '0.25', buckets: [] }] },
        ],
      }),
      warnings: ['partial'],
    })
    expect(result).toEqual({
      type: 'vector',
      series: [
        { labels: { job: 'a' }, sample: { timeMs: 1700000000123, value: 1.5 } },
        { labels: { job: 'b' }, histogram: { timeMs: 1700000001000, count: 3, sum: 0.25 } },
      ],
      warnings: ['partial'],
      infos: [],
    })
  })

  it('reads scalars and strings', () => {
    expect(schemas.queryAnswer.parse(success({ resultType: 'scalar', result: [1, 'NaN'] }))).toMatchObject({
      sample: { timeMs: 1000, value: Number.NaN },
    })
    expect(schemas.queryAnswer.parse(success({ resultType: 'string', result: [1, 'x'] }))).toMatchObject({
      timeMs: 1000,
      text: 'x',
    })
  })

  it('keeps the millisecond of every timestamp', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 4_102_444_800_000 }), (ms) => {
        const answer = success({ resultType: 'scalar', result: [ms / 1000, '0'] })
        expect(schemas.queryAnswer.parse(answer)).toMatchObject({ sample: { timeMs: ms } })
      }),
    )
  })

  it('accepts nothing but an answer, whatever comes', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        expect(schemas.queryAnswer.safeParse(json).success).toBe(false)
      }),
    )
  })
})

describe('exemplars', () => {
  it('lift the ids out of their labels', () => {
    const answer = success([
      {
        seriesLabels: { __name__: 'x_bucket', le: '0.1' },
        exemplars: [
          { labels: { trace_id: 'abc', span_id: 'def' }, value: '0.05', timestamp: 1700000000.5 },
          { labels: {}, value: '0.06', timestamp: 1700000001 },
        ],
      },
    ])
    expect(schemas.exemplarsAnswer.parse(answer)[0]?.exemplars).toEqual([
      {
        labels: { trace_id: 'abc', span_id: 'def' },
        traceId: 'abc',
        spanId: 'def',
        value: 0.05,
        timeMs: 1700000000500,
      },
      { labels: {}, value: 0.06, timeMs: 1700000001000 },
    ])
    expect(schemas.exemplarsAnswer.parse(success(null))).toEqual([])
  })
})

describe('rules', () => {
  it('stand flat with their group, durations in ms and no time before the first evaluation', () => {
    const rule = { query: 'up', health: 'unknown', lastEvaluation: '0001-01-01T00:00:00Z', evaluationTime: 0 }
    const answer = success({
      groups: [
        {
          name: 'g',
          file: 'f.yaml',
          interval: 2,
          rules: [
            { ...rule, type: 'recording', name: 'a:b' },
            {
              ...rule,
              type: 'alerting',
              name: 'Down',
              state: 'firing',
              duration: 10,
              lastEvaluation: '2026-11-23T05:00:00.5Z',
              evaluationTime: 0.0005,
              alerts: [
                {
                  labels: {},
                  annotations: {},
                  state: 'firing',
                  activeAt: '2026-11-23T05:00:00Z',
                  value: '1e+00',
                },
              ],
            },
          ],
        },
      ],
    })
    const [recording, alerting] = schemas.rulesAnswer.parse(answer)
    expect(recording).toMatchObject({
      type: 'recording',
      group: 'g',
      intervalMs: 2000,
      lastEvaluationMs: undefined,
    })
    expect(alerting).toMatchObject({
      type: 'alerting',
      forMs: 10_000,
      evaluationDurationMs: 0.5,
      lastEvaluationMs: Date.UTC(2026, 10, 23, 5, 0, 0, 500),
      alerts: [{ activeAtMs: Date.UTC(2026, 10, 23, 5), value: 1 }],
    })
  })
})
