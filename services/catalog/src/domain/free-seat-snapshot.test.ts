import { Deadline } from '@faultline/service-kit'
import { testTelemetry } from '@faultline/test-support/telemetry'
import { describe, expect, it } from 'vitest'
import { createFreeSeatSnapshot } from './free-seat-snapshot.ts'

const { logger } = testTelemetry()

describe('createFreeSeatSnapshot', () => {
  it('counts once for all who ask for the first one, and anew after a while', async () => {
    let counted = 0
    const snapshot = createFreeSeatSnapshot({
      count: async () => new Map([['c1', ++counted]]),
      logger,
      refreshMs: 20,
    })
    const asked = await Promise.all([1, 2, 3].map(() => snapshot.get(Deadline.after(5_000))))
    expect(asked.map((counts) => counts.get('c1'))).toEqual([1, 1, 1])
    await expect.poll(async () => (await snapshot.get(Deadline.after(5_000))).get('c1')).toBeGreaterThan(1)
    snapshot.stop()
  })

  it('goes on with the last counts while counting fails', async () => {
    let fails = false
    let tries = 0
    const snapshot = createFreeSeatSnapshot({
      async count() {
        tries++
        if (fails) throw new Error('away')
        return new Map([['c1', 3]])
      },
      logger,
      refreshMs: 10,
    })
    await snapshot.get(Deadline.after(5_000))
    fails = true
    const before = tries
    await expect.poll(() => tries).toBeGreaterThan(before + 1)
    expect((await snapshot.get(Deadline.after(5_000))).get('c1')).toBe(3)
    snapshot.stop()
  })
})
