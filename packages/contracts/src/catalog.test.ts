import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concertPatchSchema, concertSearchSchema } from './catalog.ts'
import { MAX_PAGE_LIMIT } from './values.ts'

describe('concertSearchSchema', () => {
  it('reads every limit that is spelt in decimal digits and within bounds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: MAX_PAGE_LIMIT }), (limit) => {
        expect(concertSearchSchema.parse({ limit: String(limit) }).limit).toBe(limit)
      }),
    )
  })

  it('never yields a limit out of bounds, whatever the text', () => {
    const texts = fc.oneof(
      fc.string(),
      fc.double().map(String),
      fc.constantFrom('', '0x10', '1e1', ' 5', '٣', '-1'),
    )
    fc.assert(
      fc.property(texts, (limit) => {
        const result = concertSearchSchema.safeParse({ limit })
        if (!result.success) return
        expect(limit).toMatch(/^[0-9]+$/)
        expect(result.data.limit).toBeGreaterThanOrEqual(1)
        expect(result.data.limit).toBeLessThanOrEqual(MAX_PAGE_LIMIT)
      }),
    )
  })

  it('has defaults', () => {
    expect(concertSearchSchema.parse({})).toEqual({ limit: 20 })
  })

  it.each([
    ['a parameter given twice', { city: ['Berlin', 'Paris'] }],
    ['an unknown parameter', { town: 'Berlin' }],
    ['a NUL character, which PostgreSQL cannot store', { query: 'ja\0zz' }],
    ['nothing but spaces', { query: '  ' }],
    ['a cursor that is not base64url', { cursor: 'a b' }],
  ])('refuses %s', (_, query) => {
    expect(concertSearchSchema.safeParse(query).success).toBe(false)
  })
})

describe('concertPatchSchema', () => {
  it('takes any of the fields that may change', () => {
    expect(concertPatchSchema.parse({ status: 'cancelled' })).toEqual({ status: 'cancelled' })
  })

  it.each([
    ['nothing to change', {}],
    ['a field that may not change', { title: 'New', seatCount: 5 }],
    ['a time out of the calendar', { startsAt: '0000-01-01T00:00:00Z' }],
    ['a time that does not exist', { startsAt: '2027-02-30T00:00:00Z' }],
  ])('refuses %s', (_, patch) => {
    expect(concertPatchSchema.safeParse(patch).success).toBe(false)
  })
})
