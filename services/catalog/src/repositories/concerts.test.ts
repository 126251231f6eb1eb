import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { searchStatement } from './concerts.ts'

const filters = fc.record(
  { query: fc.string(), city: fc.string(), minAvailable: fc.nat() },
  { requiredKeys: [] },
)
const positions = fc.option(fc.tuple(fc.string(), fc.uuid()), { nil: undefined })

describe('searchStatement', () => {
  it('puts every value into a parameter and none into the text', () => {
    fc.assert(
      fc.property(filters, positions, fc.nat(100), (filter, after, limit) => {
        const { text, values } = searchStatement(filter, { after, limit })
        const placeholders = new Set([...text.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)))
        expect([...placeholders].sort((a, b) => a - b)).toEqual(values.map((_, index) => index + 1))
        expect(text).toBe(searchStatement(blanked(filter), { after: after && ['', ''], limit: 0 }).text)
      }),
    )
  })

  it('has no name, as a plan that is kept does not fit other values', () => {
    expect(searchStatement({ query: 'jazz' }, { limit: 20 })).not.toHaveProperty('name')
  })
})

/** The same filters with other values. */
function blanked(filter: object): Record<string, string> {
  return Object.fromEntries(Object.keys(filter).map((key) => [key, '']))
}
