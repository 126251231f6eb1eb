import fc from 'fast-check'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { type BucketSize, createTokenBuckets } from './token-buckets.ts'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance', 'Date'] })
  return () => vi.useRealTimers()
})

describe('a token bucket', () => {
  it('lets a burst through, then as much as is refilled', () => {
    const buckets = createTokenBuckets({ burst: 3, perSecond: 2 })
    const allowed = () => buckets.take('a').allowed
    expect([allowed(), allowed(), allowed(), allowed()]).toEqual([true, true, true, false])
    vi.advanceTimersByTime(500)
    expect([allowed(), allowed()]).toEqual([true, false])
    vi.advanceTimersByTime(60_000)
    expect([allowed(), allowed(), allowed(), allowed()]).toEqual([true, true, true, false])
  })

  it('is one for each key', () => {
    const buckets = createTokenBuckets({ burst: 1, perSecond: 1 })
    expect([buckets.take('a').allowed, buckets.take('a').allowed, buckets.take('b').allowed]).toEqual([
      true,
      false,
      true,
    ])
  })

  it('says when somebody begins to be limited, once', () => {
    const buckets = createTokenBuckets({ burst: 1, perSecond: 1 })
    const first = () => buckets.take('a').limitedFirst
    expect([first(), first(), first()]).toEqual([false, true, false])
    vi.advanceTimersByTime(1_000)
    expect([first(), first()]).toEqual([false, true])
  })

  it('takes a token back, but never holds more than the burst', () => {
    const buckets = createTokenBuckets({ burst: 2, perSecond: 1 })
    const allowed = () => buckets.take('a').allowed
    expect([allowed(), allowed()]).toEqual([true, true])
    buckets.giveBack('a')
    expect([allowed(), allowed()]).toEqual([true, false])
    for (let i = 0; i < 10; i++) buckets.giveBack('a')
    expect([allowed(), allowed(), allowed()]).toEqual([true, true, false])
    buckets.giveBack('of nobody')
  })

  it('forgets the key that was not seen for the longest time when there are too many', () => {
    const buckets = createTokenBuckets({ burst: 1, perSecond: 0.001 }, 2)
    for (const key of ['a', 'b', 'c']) buckets.take(key)
    expect(buckets.take('c').allowed).toBe(false)
    expect(buckets.take('a').allowed).toBe(true)
  })
})

describe('whenever requests come, a token bucket', () => {
  const size = fc.record({
    burst: fc.integer({ min: 1, max: 20 }),
    // From one in a hundred seconds on, as sign-ins have it.
    perSecond: fc.integer({ min: 1, max: 2_000 }).map((hundredths) => hundredths / 100),
  })
  const pausesMs = fc.array(fc.integer({ min: 0, max: 3_000 }), { minLength: 1, maxLength: 60 })

  it('lets no more through in any span of time than the burst and what is refilled in it', () => {
    fc.assert(
      fc.property(size, pausesMs, ({ burst, perSecond }, pauses) => {
        const buckets = createTokenBuckets({ burst, perSecond })
        const passedAtMs: number[] = []
        for (const pause of pauses) {
          vi.advanceTimersByTime(pause)
          if (buckets.take('a').allowed) passedAtMs.push(performance.now())
        }
        for (const [from, fromMs] of passedAtMs.entries()) {
          for (const [upTo, upToMs] of [...passedAtMs.entries()].slice(from)) {
            const refilled = (perSecond * (upToMs - fromMs)) / 1_000
            expect(upTo - from + 1).toBeLessThanOrEqual(burst + refilled + 1e-6)
          }
        }
      }),
    )
  })

  it('lets a request through after the wait that it announced, and none before', () => {
    const sumOfFractions: [BucketSize, number[]] = [{ burst: 3, perSecond: 0.01 }, [0, 1217, 0, 0, 2]]
    fc.assert(
      fc.property(size, pausesMs, ({ burst, perSecond }, pauses) => {
        const buckets = createTokenBuckets({ burst, perSecond })
        for (const pause of pauses) {
          vi.advanceTimersByTime(pause)
          const { allowed, waitMs } = buckets.take('a')
          if (allowed) continue
          expect(waitMs).toBeGreaterThan(0)
          vi.advanceTimersByTime(waitMs - 1)
          expect(buckets.take('a').allowed).toBe(false)
          vi.advanceTimersByTime(1)
          expect(buckets.take('a').allowed).toBe(true)
        }
      }),
      { examples: [sumOfFractions] },
    )
  })
})
