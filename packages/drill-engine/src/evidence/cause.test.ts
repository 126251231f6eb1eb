import type { Span } from '@faultline/backends-client'
import { describe, expect, test } from 'vitest'
import { findCause, ownTime } from './cause.ts'

let ids = 0
function span(
  serviceName: string,
  name: string,
  startMs: number,
  durationMs: number,
  more: Partial<Span> = {},
): Span {
  ids += 1
  return {
    traceId: 't',
    spanId: `s${ids}`,
    parentSpanId: undefined,
    name,
    kind: 'internal',
    startMs,
    durationMs,
    status: 'unset',
    attributes: {},
    resource: {},
    serviceName,
    ...more,
  }
}

describe('ownTime', () => {
  const parent = span('a', 'p', 100, 100)
  const child = (startMs: number, durationMs: number) =>
    span('a', 'c', startMs, durationMs, { parentSpanId: parent.spanId })

  test('children that run at the same time are taken off once', () => {
    expect(ownTime(parent, [parent, child(110, 40), child(120, 40)])).toBe(50)
    expect(ownTime(parent, [parent, child(110, 40), child(115, 10), child(160, 10)])).toBe(50)
  })

  test('what a child does outside its parent does not count', () => {
    expect(ownTime(parent, [parent, child(50, 60), child(190, 60)])).toBe(80)
  })

  test('spans of others take nothing off', () => {
    expect(ownTime(parent, [parent, span('a', 'other', 110, 40)])).toBe(100)
  })
})

describe('findCause', () => {
  const root = span('gateway', 'GET /v1/concerts', 0, 100)
  const select = (durationMs: number, more: Partial<Span> = {}) =>
    span('catalog', 'SELECT concerts', 5, durationMs, { parentSpanId: root.spanId, ...more })
  const wanted = { service: 'catalog', span: '^SELECT' } as const
  const trace = (...spans: Span[]) => ({ traceId: 't', spans })

  test('the span with the most time of its own is the cause', () => {
    expect(findCause(trace(root, select(90)), wanted)).toMatchObject({
      span: 'SELECT concerts',
      times: 1,
      share: 0.9,
    })
  })

  test('a span that is there but takes no time explains nothing, unless it failed', () => {
    expect(findCause(trace(root, select(10)), wanted)).toBeUndefined()
    expect(findCause(trace(root, select(10, { status: 'error' })), wanted)).toMatchObject({ share: 0.1 })
  })

  test('of several suspects the slowest is named', () => {
    const slow = select(60)
    expect(findCause(trace(root, select(10, { status: 'error' }), slow), wanted)?.spanId).toBe(slow.spanId)
  })

  test('what is tried again and again counts as one, without what goes on after the trace was answered', () => {
    const call = (startMs: number) =>
      span('catalog', 'SELECT concerts', startMs, 20, { parentSpanId: root.spanId, status: 'error' })
    const others = [span('catalog', 'SELECT venues', 0, 10), span('booking', 'SELECT concerts', 0, 10)]
    expect(findCause(trace(root, ...others, call(10), call(40), call(90)), wanted)).toMatchObject({
      times: 3,
      share: 0.5,
    })
  })

  test('another service or another span is not it', () => {
    expect(findCause(trace(root, select(90)), { ...wanted, service: 'booking' })).toBeUndefined()
    expect(findCause(trace(root, select(90)), { ...wanted, span: '^UPDATE' })).toBeUndefined()
    expect(findCause(trace(), wanted)).toBeUndefined()
  })

  test('a trace without length has no shares', () => {
    expect(findCause(trace(span('catalog', 'SELECT', 0, 0)), wanted)).toMatchObject({ share: 0 })
  })
})
