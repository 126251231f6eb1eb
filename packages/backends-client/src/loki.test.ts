import { describe, expect, it } from 'vitest'
import { linesAnswer, namesAnswer } from './loki.ts'
import { fromNanoseconds } from './time.ts'

const success = (data: unknown) => ({ status: 'success', data })

describe('log queries', () => {
  it('keep index labels and structured metadata apart', () => {
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
    const labels = { service_name: 'gateway' }
    expect(linesAnswer.parse(answer)).toEqual({
      streams: 1,
      entries: [
        {
          timeMs: fromNanoseconds('1700000000123456789'),
          line: 'request completed',
          labels,
          metadata: { trace_id: 'abc' },
        },
        { timeMs: 1700000000000, line: 'plain', labels, metadata: {} },
        { timeMs: 1700000000000, line: 'uncategorized', labels, metadata: {} },
      ],
    })
  })

  it('take missing data for no names', () => {
    expect(namesAnswer.parse({ status: 'success' })).toEqual([])
  })
})
