import { describe, expect, it } from 'vitest'
import { createRevocationList } from './revocations.ts'

describe('createRevocationList', () => {
  it('knows a revoked session until none of its tokens can be alive', () => {
    let nowMs = 0
    const list = createRevocationList(() => nowMs)
    list.add('a', 300)
    expect([list.isRevoked('a'), list.isRevoked('b')]).toEqual([true, false])
    nowMs = 300
    expect(list.isRevoked('a')).toBe(false)
  })

  it('never shortens a revocation', () => {
    const list = createRevocationList(() => 150)
    list.add('a', 300)
    list.add('a', 100)
    expect(list.isRevoked('a')).toBe(true)
  })

  it('does not grow with what is long over', () => {
    let nowMs = 0
    const list = createRevocationList(() => nowMs)
    for (let i = 0; i < 10_000; i++) {
      nowMs = i
      list.add(`session-${i}`, i + 10)
    }
    expect(list.size).toBeLessThan(300)
  })
})
