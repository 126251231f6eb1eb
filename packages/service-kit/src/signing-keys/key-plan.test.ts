import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type KeyTimes, type PlannedKey, planKeys } from './key-plan.ts'

const TIMES: KeyTimes = { leadMs: 100, maxAgeMs: 1_000, tokenLifeMs: 50 }

/** What may happen to a gateway: time passes (it looks at its keys afterwards), or somebody asks for a rotation. */
const steps = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 1, max: 400 }) }),
    },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant('pause' as const), ms: fc.integer({ min: 1, max: 5_000 }) }),
    },
    { weight: 1, arbitrary: fc.constant({ kind: 'rotate' as const }) },
  ),
  { maxLength: 60 },
)

describe('planKeys', () => {
  it('always has a key that signs, published long before, and publishes every key whose tokens may be alive', () => {
    fc.assert(
      fc.property(steps, (sequence) => {
        let nowMs = 0
        let made = 0
        let keys: PlannedKey[] = []
        const add = (signsFromMs: number) =>
          keys.push({ kid: `key-${String(++made).padStart(4, '0')}`, createdAtMs: nowMs, signsFromMs })
        /** When each key signed last. */
        const signedAt = new Map<string, number>()
        const look = () => {
          const { nextSignsFromMs, dead } = planKeys(keys, nowMs, TIMES)
          if (nextSignsFromMs !== undefined) add(nextSignsFromMs)
          keys = keys.filter((key) => !dead.includes(key))
          const { signing, published } = planKeys(keys, nowMs, TIMES)
          expect(signing).toBeDefined()
          if (!signing) return
          expect(published).toContain(signing)
          if (signing.kid !== 'key-0001') {
            expect(nowMs - signing.createdAtMs).toBeGreaterThanOrEqual(TIMES.leadMs)
          }
          signedAt.set(signing.kid, nowMs)
          const names = published.map(({ kid }) => kid)
          for (const [kid, at] of signedAt) {
            if (nowMs - at < TIMES.tokenLifeMs) expect(names).toContain(kid)
          }
          // What is of no use does not pile up.
          expect(keys.length).toBeLessThanOrEqual(sequence.length + 2)
        }
        look()
        for (const step of sequence) {
          if (step.kind === 'rotate') add(nowMs + TIMES.leadMs)
          else nowMs += step.ms
          look()
        }
      }),
      { numRuns: 500 },
    )
  })

  it('makes the next key in time for the current one to be taken over from at its age', () => {
    const key = { kid: 'a', createdAtMs: 0, signsFromMs: 0 }
    expect(planKeys([key], 899, TIMES).nextSignsFromMs).toBeUndefined()
    expect(planKeys([key], 900, TIMES).nextSignsFromMs).toBe(1_000)
    // Late, it still gives verifiers the time to learn of it.
    expect(planKeys([key], 5_000, TIMES).nextSignsFromMs).toBe(5_100)
  })

  it('lets go of a key when the last of its tokens has died, not before', () => {
    const keys = [
      { kid: 'a', createdAtMs: 0, signsFromMs: 0 },
      { kid: 'b', createdAtMs: 900, signsFromMs: 1_000 },
    ]
    expect(planKeys(keys, 999, TIMES).signing?.kid).toBe('a')
    expect(planKeys(keys, 1_000, TIMES).signing?.kid).toBe('b')
    expect(planKeys(keys, 1_049, TIMES).published.map(({ kid }) => kid)).toEqual(['a', 'b'])
    expect(planKeys(keys, 1_050, TIMES).dead.map(({ kid }) => kid)).toEqual(['a'])
  })
})
