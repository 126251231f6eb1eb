import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type LabelSlot, LabelSlots, originAt } from './label-slots.ts'
import type { SampleOrigin } from './plugin.ts'

function createOrigin(spanId: string): SampleOrigin {
  return { traceId: 'trace', spanId, route: undefined }
}

describe('label slots', () => {
  it('finds the request of any sample, however requests overlap and windows fall', () => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.constant('begin' as const) },
      { weight: 5, arbitrary: fc.nat({ max: 50 }).map((which) => ({ end: which })) },
      { weight: 1, arbitrary: fc.constant('window' as const) },
    )
    fc.assert(
      fc.property(fc.array(step, { minLength: 50, maxLength: 600 }), (steps) => {
        const slots = new LabelSlots((label) => ({ label }))
        let now = 1_000
        const running: { slot: LabelSlot; origin: SampleOrigin }[] = []
        let sampled: { slot: LabelSlot; timeMs: number; origin: SampleOrigin }[] = []
        for (const one of steps) {
          now += 10
          if (one === 'begin') {
            const origin = createOrigin(`span ${now}`)
            const slot = slots.lend(origin, now)
            expect(slot).toBeDefined()
            if (slot) running.push({ slot, origin })
          } else if (one === 'window') {
            for (const { slot, timeMs, origin } of sampled) expect(originAt(slot, timeMs)).toBe(origin)
            slots.startWindow()
            sampled = []
          } else {
            const [over] = running.splice(one.end % Math.max(1, running.length), 1)
            if (over) slots.takeBack(over.slot)
          }
          for (const { slot, origin } of running) sampled.push({ slot, origin, timeMs: now + 5 })
        }
        for (const { slot, timeMs, origin } of sampled) expect(originAt(slot, timeMs)).toBe(origin)
      }),
    )
  })

  it('makes native labels by the number of requests at a time, not of requests', () => {
    let made = 0
    const slots = new LabelSlots(() => {
      made += 1
      return {}
    })
    for (let request = 0; request < 10_000; request += 1) {
      const slot = slots.lend(createOrigin(String(request)), request)
      if (slot) slots.takeBack(slot)
    }
    expect(made).toBe(256)
  })

  it('lets a slot rest before it is used again', () => {
    const slots = new LabelSlots(() => ({}))
    const uses = Array.from({ length: 2_000 }, (_, request) => {
      const slot = slots.lend(createOrigin(String(request)), request)
      if (slot) slots.takeBack(slot)
      return slot
    })
    const gaps = uses.slice(256).map((slot, index) => index + 256 - uses.lastIndexOf(slot, index + 255))
    expect(Math.min(...gaps)).toBeGreaterThanOrEqual(256)
  })

  it('refuses when too many are lent, and knows no foreign label', () => {
    const slots = new LabelSlots(() => ({}))
    const lent = Array.from({ length: 9_000 }, (_, request) =>
      slots.lend(createOrigin(String(request)), request),
    )
    expect(lent.filter((slot) => slot === undefined)).toHaveLength(9_000 - 8_192)
    expect(originAt({}, 0)).toBeUndefined()
  })
})
