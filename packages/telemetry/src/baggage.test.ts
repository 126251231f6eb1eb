import { propagation, ROOT_CONTEXT } from '@opentelemetry/api'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { listedBaggage, withListedBaggage } from './baggage.ts'

describe('listed baggage', () => {
  const members = fc.dictionary(fc.string({ minLength: 1 }), fc.string(), { noNullPrototype: true })

  it('holds every member that is listed, and no other', () => {
    fc.assert(
      fc.property(members, fc.array(fc.string({ minLength: 1 })), fc.nat(5), (values, others, taken) => {
        const keys = new Set([...Object.keys(values).slice(0, taken), ...others])
        const entries = Object.entries(values).map(([key, value]) => [key, { value }] as const)
        const baggage = propagation.createBaggage(Object.fromEntries(entries))
        const expected = entries.filter(([key]) => keys.has(key))
        expect(listedBaggage(baggage, keys)?.getAllEntries() ?? []).toEqual(expected)
      }),
    )
  })

  it('leaves a context without baggage when nothing is listed', () => {
    const context = propagation.setBaggage(ROOT_CONTEXT, propagation.createBaggage({ role: { value: 'x' } }))
    expect(propagation.getBaggage(withListedBaggage(context, new Set(['tenant'])))).toBeUndefined()
    expect(withListedBaggage(ROOT_CONTEXT, new Set(['tenant']))).toBe(ROOT_CONTEXT)
  })
})
