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

  it('gives each text a name of its own, as the server keeps plans by name', () => {
    const textOf = new Map<string, string>()
    fc.assert(
      fc.property(filters, positions, (filter, after) => {
        const { name, text } = searchStatement(filter, { after, limit: 20 })
        expect(textOf.get(name) ?? text).toBe(text)
        textOf.set(name, text)
      }),
    )
    expect(new Set(textOf.values()).size).toBe(textOf.size)
  })
})

/** The same filters with other values. */
function blanked(filter: object): Record<string, string> {
  return Object.fromEntries(Object.keys(filter).map((key) => [key, '']))
}
