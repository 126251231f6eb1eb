import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { CURSOR_MAX_LENGTH, cursorFormat, InvalidCursorError } from './cursor.ts'

const format = cursorFormat<readonly [string, number]>('seats', z.tuple([z.string(), z.number()]))
const encode = (envelope: unknown) => Buffer.from(JSON.stringify(envelope)).toString('base64url')

describe('cursorFormat', () => {
  it('gives back the key it was made of', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), fc.integer(), (text, number) => {
        expect(format.decode(format.encode([text, number]))).toEqual([text, number])
      }),
    )
  })

  it('answers whatever it is given with a key or an InvalidCursorError', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.base64String(),
          fc.json().map((json) => Buffer.from(json).toString('base64url')),
        ),
        (cursor) => {
          try {
            format.decode(cursor)
          } catch (error) {
            expect(error).toBeInstanceOf(InvalidCursorError)
          }
        },
      ),
      { numRuns: 1_000 },
    )
  })

  it('does not take a cursor of which one character was changed for another key', () => {
    const cursor = format.encode(['Balcony', 7], { concertId: 'a' })
    fc.assert(
      fc.property(fc.nat(cursor.length - 1), fc.constantFrom(...'ABCxyz019_-'), (at, character) => {
        const changed = cursor.slice(0, at) + character + cursor.slice(at + 1)
        try {
          // A change that still decodes can only be inside the key, or be no change at all.
          expect(format.decode(changed, { concertId: 'a' })).toHaveLength(2)
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidCursorError)
        }
      }),
    )
  })

  it('takes the same filters in any order, and an absent one like one left out', () => {
    const cursor = format.encode(['A', 1], { city: 'Berlin', query: 'jazz', minAvailable: undefined })
    expect(format.decode(cursor, { query: 'jazz', city: 'Berlin' })).toEqual(['A', 1])
  })

  it.each([
    ['of another search', format.encode(['A', 1], { city: 'Berlin' }), 'with other filters'],
    ['of another list', cursorFormat('venues', z.tuple([])).encode([]), 'another list than seats'],
    ['of another version', encode([2, 'seats', '', 'A', 1]), 'unknown version'],
    ['with another key', encode([1, 'seats', '', 'A', 'B']), 'malformed'],
    ['that is no JSON', 'abc', 'malformed'],
    ['that is too long', format.encode(['A'.repeat(CURSOR_MAX_LENGTH), 1]), 'malformed'],
  ])('refuses a cursor %s and says so', (_, cursor, cause) => {
    expect(() => format.decode(cursor)).toThrow(cause)
  })
})
