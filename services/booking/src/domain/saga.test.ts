import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type SagaEvent, type SagaState, sagaStep } from './saga.ts'

const STATES: readonly SagaState[] = ['held', 'released', 'expired', 'pending', 'confirmed', 'declined']
const EVENTS: readonly SagaEvent[] = ['ordered', 'released', 'expired', 'paid', 'refused', 'unknown']

/** Everything that a sequence of events makes happen to one reservation. */
function run(events: readonly SagaEvent[]) {
  let state: SagaState = 'held'
  const effects: string[] = []
  for (const event of events) {
    const step = sagaStep(state, event)
    if (!step) continue
    state = step.state
    effects.push(...step.effects)
  }
  return { state, effects, count: (effect: string) => effects.filter((name) => name === effect).length }
}

describe('sagaStep', () => {
  it('sells, frees and announces at most once, whatever happens in whatever order', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...EVENTS), { maxLength: 30 }), (events) => {
        const { state, count } = run(events)
        expect(count('sell-seats')).toBe(state === 'confirmed' ? 1 : 0)
        expect(count('announce')).toBe(count('sell-seats'))
        expect(count('free-seats')).toBe(['released', 'expired', 'declined'].includes(state) ? 1 : 0)
      }),
      { numRuns: 1_000 },
    )
  })

  it('asks to charge only between the order and the answer', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...EVENTS), { maxLength: 30 }), (events) => {
        const { effects } = run(events)
        const last = effects.lastIndexOf('charge')
        expect(effects.slice(0, last + 1).every((effect) => effect === 'charge')).toBe(true)
      }),
      { numRuns: 1_000 },
    )
  })

  it('lets nothing end a pending order but the answer of payments', () => {
    for (const event of EVENTS) {
      const state = sagaStep('pending', event)?.state ?? 'pending'
      expect(state).toBe({ paid: 'confirmed', refused: 'declined' }[event as string] ?? 'pending')
    }
  })

  it('refuses an answer that contradicts the one before', () => {
    expect(sagaStep('confirmed', 'refused')).toBeUndefined()
    expect(sagaStep('declined', 'paid')).toBeUndefined()
  })

  it('never leaves a final state', () => {
    for (const state of STATES.filter((name) => name !== 'held' && name !== 'pending')) {
      for (const event of EVENTS) expect(sagaStep(state, event)?.state ?? state).toBe(state)
    }
  })
})
