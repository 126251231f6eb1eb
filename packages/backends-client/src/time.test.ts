import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { fromNanoseconds, millisecondsBetween, toNanoseconds, toSeconds, toWholeSeconds } from './time.ts'

const epochMs = fc.integer({ min: 0, max: 4_102_444_800_000 })

describe('time', () => {
  it('keeps whole milliseconds through nanoseconds and seconds', () => {
    fc.assert(
      fc.property(epochMs, (ms) => {
        expect(fromNanoseconds(toNanoseconds(ms))).toBe(ms)
        expect(Math.round(Number(toSeconds(ms)) * 1000)).toBe(ms)
      }),
    )
  })

  it('keeps a nanosecond time to within a microsecond', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 4_102_444_800_000_000_000n }), (ns) => {
        const back = BigInt(toNanoseconds(fromNanoseconds(String(ns))))
        const off = back > ns ? back - ns : ns - back
        expect(off < 1000n).toBe(true)
      }),
    )
  })

  it('never cuts a range of whole seconds short', () => {
    fc.assert(
      fc.property(epochMs, (ms) => {
        expect(Number(toWholeSeconds(ms, 'down')) * 1000).toBeLessThanOrEqual(ms)
        expect(Number(toWholeSeconds(ms, 'up')) * 1000).toBeGreaterThanOrEqual(ms)
      }),
    )
  })

  it('measures between two nanosecond times exactly', () => {
    expect(millisecondsBetween('1700000000000000001', '1700000000000500001')).toBe(0.5)
  })
})
