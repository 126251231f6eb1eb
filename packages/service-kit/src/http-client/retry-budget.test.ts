import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RetryBudget } from './retries.ts'

function budgetAt(options: { ratio: number; minPerSecond: number; capacity: number }) {
  let nowMs = 0
  const budget = new RetryBudget({ ...options, now: () => nowMs })
  return { budget, advance: (ms: number) => (nowMs += ms) }
}

describe('RetryBudget', () => {
  it('never grants more than it saved, was paid and earned by time', () => {
    const steps = fc.array(
      fc.oneof(
        fc.constant({ kind: 'call' as const }),
        fc.constant({ kind: 'retry' as const }),
        fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 2_000 }) }),
      ),
      { maxLength: 300 },
    )
    fc.assert(
      fc.property(steps, (sequence) => {
        const options = { ratio: 0.2, minPerSecond: 3, capacity: 5 }
        const { budget, advance } = budgetAt(options)
        let granted = 0
        let calls = 0
        let elapsedMs = 0
        for (const step of sequence) {
          if (step.kind === 'call') {
            budget.deposit()
            calls++
          } else if (step.kind === 'retry') {
            if (budget.withdraw()) granted++
          } else {
            advance(step.ms)
            elapsedMs += step.ms
          }
          expect(budget.available).toBeLessThanOrEqual(options.capacity)
          const earned = options.capacity + calls * options.ratio + (elapsedMs / 1_000) * options.minPerSecond
          expect(granted).toBeLessThanOrEqual(earned + 1e-9)
        }
      }),
    )
  })

  it('refuses when it is used up, and grants again after calls or time', () => {
    const { budget, advance } = budgetAt({ ratio: 0.5, minPerSecond: 1, capacity: 1 })
    expect([budget.withdraw(), budget.withdraw()]).toEqual([true, false])
    budget.deposit()
    expect(budget.withdraw()).toBe(false)
    budget.deposit()
    expect(budget.withdraw()).toBe(true)
    advance(1_000)
    expect(budget.withdraw()).toBe(true)
  })
})
