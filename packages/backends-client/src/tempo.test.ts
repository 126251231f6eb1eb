import { describe, expect, it } from 'vitest'
import { searchAnswer } from './tempo.ts'

describe('search', () => {
  it('pads ids and has no trace where nothing matches', () => {
    const found = {
      traceID: 'af7651916cd43dd8448eb211c80319c',
      rootServiceName: 'gateway',
      startTimeUnixNano: '1700000000000000000',
      durationMs: 12,
    }
    expect(searchAnswer.parse({ traces: [found], metrics: {} })).toEqual([
      { traceId: '0af7651916cd43dd8448eb211c80319c', startMs: 1700000000000, durationMs: 12 },
    ])
    expect(searchAnswer.parse({ metrics: {} })).toEqual([])
  })
})
