import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatTraceparent, parseTraceparent } from './traceparent.ts'

const hex = (digits: number) =>
  fc
    .array(fc.constantFrom(...'0123456789abcdef'), { minLength: digits, maxLength: digits })
    .map((list) => list.join(''))
    .filter((id) => /[^0]/.test(id))

describe('traceparent', () => {
  it('reads what it writes', () => {
    fc.assert(
      fc.property(hex(32), hex(16), (traceId, spanId) => {
        expect(parseTraceparent(formatTraceparent(traceId, spanId))).toEqual({ traceId, spanId, flags: 1 })
      }),
    )
  })

  it('gives nothing or valid ids for any text', () => {
    const near = fc
      .tuple(fc.string(), hex(32), fc.string({ maxLength: 2 }), hex(16))
      .map((parts) => parts.join('-'))
    fc.assert(
      fc.property(fc.oneof(fc.string(), near), (text) => {
        const parent = parseTraceparent(text)
        if (!parent) return
        expect(parent.traceId).toMatch(/^[\da-f]{32}$/)
        expect(parent.spanId).toMatch(/^[\da-f]{16}$/)
      }),
    )
  })

  const ids = '4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7'
  it.each([
    ['upper case', `00-${ids.toUpperCase()}-01`],
    ['all-zero trace id', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
    ['all-zero span id', `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`],
    ['version ff', `ff-${ids}-01`],
    ['more fields in version 00', `00-${ids}-01-extra`],
    ['a longer flags field', `01-${ids}-011`],
    ['nothing', ''],
  ])('refuses %s', (_what, header) => {
    expect(parseTraceparent(header)).toBeUndefined()
  })

  it('reads the known part of a later version', () => {
    expect(parseTraceparent(`01-${ids}-03-what-comes-later`)).toEqual({
      traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
      spanId: '00f067aa0ba902b7',
      flags: 3,
    })
  })
})
