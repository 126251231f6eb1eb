import { describe, expect, it } from 'vitest'
import { fromNanoseconds } from '../time.ts'
import * as schemas from './schemas.ts'

const success = (data: unknown) => ({ status: 'success', data })

describe('log queries', () => {
  it('keep index labels, structured metadata and parsed labels apart', () => {
    const answer = success({
      resultType: 'streams',
      result: [
        {
          stream: { service_name: 'gateway' },
          values: [
            [
              '1700000000123456789',
              'request completed',
              { structuredMetadata: { trace_id: 'abc' }, parsed: { a: '1' } },
            ],
            ['1700000000000000000', 'plain', {}],
            ['1700000000000000000', 'uncategorized'],
          ],
        },
      ],
    })
    const result = schemas.rangeAnswer.parse(answer)
    expect(result).toMatchObject({ type: 'entries', streams: 1 })
    expect(result.type === 'entries' && result.entries).toEqual([
      {
        timeMs: fromNanoseconds('1700000000123456789'),
        line: 'request completed',
        labels: { service_name: 'gateway' },
        metadata: { trace_id: 'abc' },
        parsed: { a: '1' },
      },
      { timeMs: 1700000000000, line: 'plain', labels: { service_name: 'gateway' }, metadata: {}, parsed: {} },
      {
        timeMs: 1700000000000,
        line: 'uncategorized',
        labels: { service_name: 'gateway' },
        metadata: {},
        parsed: {},
      },
    ])
  })

  it('give series for metric queries', () => {
    const matrix = success({ resultType: 'matrix', result: [{ metric: { a: 'b' }, values: [[1.5, '2']] }] })
    expect(schemas.rangeAnswer.parse(matrix)).toEqual({
      type: 'series',
      series: [{ labels: { a: 'b' }, samples: [{ timeMs: 1500, value: 2 }], histograms: [] }],
    })
    const vector = success({ resultType: 'vector', result: [{ metric: {}, value: [1, '3'] }] })
    expect(schemas.instantAnswer.parse(vector)).toEqual({
      type: 'vector',
      series: [{ labels: {}, sample: { timeMs: 1000, value: 3 } }],
    })
  })

  it('take missing data for no names', () => {
    expect(schemas.namesAnswer.parse({ status: 'success' })).toEqual([])
  })
})
