import { InvalidCursorError } from '@faultline/contracts'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concertCursor, concertTag, toPage, versionsAllowed } from './concerts.ts'
import { seatCursor } from './seats.ts'

describe('toPage', () => {
  it('walks through any list without leaving out or repeating a row', () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.nat()), fc.integer({ min: 1, max: 10 }), (numbers, limit) => {
        const rows = numbers.toSorted((a, b) => a - b)
        const seen: number[] = []
        let cursor: string | null = null
        let pages = 0
        do {
          pages++
          const after: number = cursor === null ? -1 : Number(cursor)
          const found = rows.filter((row) => row > after).slice(0, limit + 1)
          const page = toPage(found, limit, (row) => row, String)
          expect(page.items.length).toBeLessThanOrEqual(limit)
          seen.push(...page.items)
          cursor = page.nextCursor
        } while (cursor !== null)
        expect(seen).toEqual(rows)
        expect(pages).toBe(Math.max(1, Math.ceil(rows.length / limit)))
      }),
    )
  })
})

describe('the cursors', () => {
  const forged = (...key: unknown[]) =>
    Buffer.from(JSON.stringify([1, 'concerts', '', ...key])).toString('base64url')

  it.each([
    ['a time that PostgreSQL cannot store', forged('0000-01-01T00:00:00.000Z', crypto.randomUUID())],
    ['an id that is none', forged('2027-01-01T19:30:00.000Z', 'x')],
    ['a part too many', forged('2027-01-01T19:30:00.000Z', crypto.randomUUID(), 1)],
  ])('refuse %s', (_, cursor) => {
    expect(() => concertCursor.decode(cursor)).toThrow(InvalidCursorError)
  })

  it('refuse a NUL in a text and a number out of range', () => {
    expect(() => seatCursor.decode(seatCursor.encode(['A\0', 'B', 1]))).toThrow(InvalidCursorError)
    expect(() => seatCursor.decode(seatCursor.encode(['A', 'B', 2 ** 40]))).toThrow(InvalidCursorError)
  })
})

describe('versionsAllowed', () => {
  it('reads back the tags that answers carry', () => {
    const versions = fc.array(fc.tuple(fc.nat(999_999_999), fc.nat(999_999_999)), { minLength: 1 })
    fc.assert(
      fc.property(versions, (allowed) => {
        expect(versionsAllowed(allowed.map(concertTag).join(', '))).toEqual(allowed)
      }),
    )
  })

  it('allows any version for *', () => {
    expect(versionsAllowed(' * ')).toBeUndefined()
  })

  it('allows no version for what is no tag of this service, and never all of them', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        fc.pre(header.trim() !== '*')
        expect(versionsAllowed(header)).toEqual([])
      }),
    )
  })

  it('lets weak tags match nothing', () => {
    expect(versionsAllowed('W/"c1.v1", "c2.v1"')).toEqual([[2, 1]])
  })
})
