import { describe, expect, it } from 'vitest'
import { onlyLinesSince } from './logql.ts'

const SINCE_MS = 20_000

describe('onlyLinesSince', () => {
  it('leaves a query for lines as it is', () => {
    const text = '{service_name="gateway"} | trace_id="abc" |= `or vector(0)`'
    expect(onlyLinesSince(text, SINCE_MS)).toEqual({ kind: 'lines', text })
  })

  it.each([
    ['count_over_time({a="b"}[5m])', 'count_over_time({a="b"}[20000ms])'],
    ['sum by (c) (rate({a="b"} | json [8s]))', 'sum by (c) (rate({a="b"} | json [8s]))'],
    ['sum(rate({a="b"}[1h])) or vector(0)', 'sum(rate({a="b"}[20000ms]))'],
  ])('cuts windows and constant fall-backs: %s', (logql, text) => {
    expect(onlyLinesSince(logql, SINCE_MS)).toEqual({ kind: 'numbers', text })
  })

  it('refuses what reads no stream', () => {
    expect(onlyLinesSince('vector(1)', SINCE_MS)).toBeUndefined()
  })
})
