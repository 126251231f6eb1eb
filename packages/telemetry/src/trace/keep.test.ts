import { createTraceState, INVALID_SPAN_CONTEXT } from '@opentelemetry/api'
import { RandomIdGenerator } from '@opentelemetry/sdk-trace'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isKept, isKeptByRatio, KEEP_KEY, KEEP_MEMBER } from './keep.ts'

/** Hexadecimal digits that decide: the trace id's last. */
const DECIDING = 13
const hex = (digits: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: digits, maxLength: digits })
const ratio = fc.double({ min: 0, max: 1, noNaN: true })

describe('keep mark', () => {
  const isKeptWith = (members: readonly string[]) =>
    isKept({ ...INVALID_SPAN_CONTEXT, traceState: createTraceState(members.join(',')) })
  const key = fc.stringMatching(/^[a-z]{1,8}$/).filter((text) => text !== KEEP_KEY)
  const value = fc.stringMatching(/^[a-z\d]{1,8}$/)
  // A trace state holds 32 members, each key once.
  const members = fc
    .uniqueArray(fc.tuple(key, value), { maxLength: 31, selector: ([name]) => name })
    .map((pairs) => pairs.map((pair) => pair.join('=')))

  it('is found among other members, and only there', () => {
    fc.assert(
      fc.property(members, fc.nat(), (others, position) => {
        expect(isKeptWith(others)).toBe(false)
        expect(isKeptWith(others.toSpliced(position, 0, KEEP_MEMBER))).toBe(true)
      }),
    )
  })

  it.each(['faultline=keeper', 'notfaultline=keep', 'a=faultline=keep'])('is not seen in %s', (member) => {
    expect(isKeptWith([member])).toBe(false)
  })

  it('is not on a trace without a trace state', () => {
    expect(isKept(INVALID_SPAN_CONTEXT)).toBe(false)
  })
})

describe('keep ratio', () => {
  it('is decided by the last 13 digits of the trace id alone', () => {
    fc.assert(
      fc.property(hex(32 - DECIDING), hex(32 - DECIDING), hex(DECIDING), ratio, (a, b, last, share) => {
        expect(isKeptByRatio(a + last, share)).toBe(isKeptByRatio(b + last, share))
      }),
    )
  })

  it('keeps a trace at every higher ratio as well', () => {
    fc.assert(
      fc.property(hex(32), ratio, ratio, (traceId, a, b) => {
        if (isKeptByRatio(traceId, Math.min(a, b))) expect(isKeptByRatio(traceId, Math.max(a, b))).toBe(true)
      }),
    )
  })

  it.each([0, 0.001, 0.1, 0.5, 0.999, 1])('of %d is the share of all trace ids that is kept', (share) => {
    const step = 2 ** 36
    const kept = Array.from({ length: 2 ** 16 }, (_, index) =>
      (index * step + step / 2).toString(16).padStart(32, '0'),
    ).filter((traceId) => isKeptByRatio(traceId, share))
    expect(Math.abs(kept.length / 2 ** 16 - share)).toBeLessThanOrEqual(2 ** -16)
  })

  it('keeps all and nothing at its ends', () => {
    expect(isKeptByRatio('f'.repeat(32), 1)).toBe(true)
    expect(isKeptByRatio('0'.repeat(32), 0)).toBe(false)
  })

  it('is met by the ids that the SDK makes', () => {
    const ids = new RandomIdGenerator()
    const kept = Array.from({ length: 20_000 }, () => ids.generateTraceId()).filter((id) =>
      isKeptByRatio(id, 0.1),
    )
    // Six standard deviations: fails by chance about once in 500 million runs.
    expect(Math.abs(kept.length / 20_000 - 0.1)).toBeLessThan(0.0128)
  })
})
