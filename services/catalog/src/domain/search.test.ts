import { Deadline } from '@faultline/service-kit'
import { testTelemetry } from '@faultline/test-support/telemetry'
import { describe, expect, it } from 'vitest'
import type { FoundConcert } from '../repositories/concerts.ts'
import { createFreeSeatSnapshot, createProtectedSearch } from './search.ts'

const concert = (availableSeats: number) => ({ id: 'c1', availableSeats }) as FoundConcert
const deadline = Deadline.after(10_000)
const page = { limit: 20 }

/** A search whose exact way works or is too slow, as the test says. */
function setUp() {
  const telemetry = testTelemetry()
  const state = { slow: false, enabled: true, tries: 0 }
  const left: (readonly string[])[] = []
  const search = createProtectedSearch({
    unprotected: async () => [concert(7)],
    async quick() {
      state.tries++
      if (state.slow) throw new Error('canceled')
      return [concert(5)]
    },
    async uncounted(_filter, _page, without) {
      left.push(without)
      return [concert(0)]
    },
    snapshot: { get: async () => new Map([['c1', 4]]) },
    enabled: () => state.enabled,
    register: telemetry.register,
    logger: telemetry.logger,
    pauseMs: 1,
  })
  return {
    search,
    state,
    left,
    counted: (counts: string) => telemetry.value('box_office_concert_searches_total', { counts }),
  }
}

describe('createProtectedSearch', () => {
  it('counts exactly as long as that is quick', async () => {
    const { search, counted } = setUp()
    expect(await search({}, page, deadline)).toEqual([concert(5)])
    expect([await counted('exact'), await counted('snapshot')]).toEqual([1, 0])
  })

  it('answers from the snapshot when it is not, and counts exactly again afterwards', async () => {
    const { search, state, counted } = setUp()
    state.slow = true
    expect(await search({}, page, deadline)).toEqual([concert(4)])
    state.slow = false
    await expect.poll(async () => (await search({}, page, deadline))[0]?.availableSeats).toBe(5)
    expect(await counted('snapshot')).toBeGreaterThanOrEqual(1)
  })

  it('leaves out concerts that the snapshot has too few seats of', async () => {
    const { search, state, left } = setUp()
    state.slow = true
    await search({ minAvailable: 4 }, page, deadline)
    await search({ minAvailable: 5 }, page, deadline)
    expect(left).toEqual([[], ['c1']])
  })

  it('protects nothing when it is switched off', async () => {
    const { search, state } = setUp()
    state.enabled = false
    state.slow = true
    expect(await search({}, page, deadline)).toEqual([concert(7)])
    expect(state.tries).toBe(0)
  })
})

describe('createFreeSeatSnapshot', () => {
  it('counts once for all who ask for the first one, and again after a while', async () => {
    let counted = 0
    const snapshot = createFreeSeatSnapshot({
      count: async () => new Map([['c1', ++counted]]),
      logger: testTelemetry().logger,
      refreshMs: 20,
    })
    const asked = await Promise.all([1, 2, 3].map(() => snapshot.get(Deadline.after(5_000))))
    expect(asked.map((counts) => counts.get('c1'))).toEqual([1, 1, 1])
    await expect.poll(async () => (await snapshot.get(Deadline.after(5_000))).get('c1')).toBeGreaterThan(1)
    snapshot.stop()
  })

  it('keeps the last counts while counting fails', async () => {
    let fails = false
    let tries = 0
    const snapshot = createFreeSeatSnapshot({
      async count() {
        tries++
        if (fails) throw new Error('away')
        return new Map([['c1', 3]])
      },
      logger: testTelemetry().logger,
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
