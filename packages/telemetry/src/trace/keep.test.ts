import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { newTraceId } from './ids.ts'
import { hasKeepMark, isKeptByRatio, KEEP_MEMBER } from './keep.ts'

describe('keep mark', () => {
  const member = fc.stringMatching(/^[a-z]{1,8}=[a-z\d]{1,8}$/).filter((text) => text !== KEEP_MEMBER)

  it('is found among other members, and only there', () => {
    fc.assert(
      fc.property(fc.array(member), fc.nat(), (members, position) => {
        expect(hasKeepMark(members.join(','))).toBe(false)
        expect(hasKeepMark(members.toSpliced(position, 0, KEEP_MEMBER).join(', '))).toBe(true)
      }),
    )
  })

  it.each(['faultline=keeper', 'notfaultline=keep', 'a=faultline=keep'])('is not seen in %s', (state) => {
    expect(hasKeepMark(state)).toBe(false)
  })

  it('keeps a trace at every higher ratio as well', () => {
    const ratio = fc.double({ min: 0, max: 1, noNaN: true })
    fc.assert(
      fc.property(ratio, ratio, (a, b) => {
        const traceId = newTraceId()
        if (isKeptByRatio(traceId, Math.min(a, b))) expect(isKeptByRatio(traceId, Math.max(a, b))).toBe(true)
      }),
    )
  })

  it('keeps the share that is asked for', () => {
    const kept = Array.from({ length: 20_000 }, newTraceId).filter((id) => isKeptByRatio(id, 0.1)).length
    // Six standard deviations: fails by chance about once in 500 million runs.
    expect(Math.abs(kept / 20_000 - 0.1)).toBeLessThan(0.0128)
    expect(isKeptByRatio(newTraceId(), 0)).toBe(false)
    expect(isKeptByRatio('f'.repeat(32), 1)).toBe(true)
  })
})
