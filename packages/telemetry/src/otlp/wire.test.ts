import fc from 'fast-check'
import { PbfWriter } from 'pbf'
import { describe, expect, it } from 'vitest'
import { writeAttribute, writeKnownAttribute } from './wire.ts'

describe('known attributes', () => {
  it('come out as if they were encoded each time', () => {
    const key = fc.constantFrom('http.route', 'http.response.status_code', 'url.path', 'user_agent.original')
    const value = fc.oneof(
      fc.string(),
      fc.nat({ max: 599 }),
      fc.boolean(),
      fc.string({ minLength: 3_000, maxLength: 4_000 }),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(key, value, fc.constantFrom(6, 9))), (pairs) => {
        const [known, plain] = [new PbfWriter(), new PbfWriter()]
        for (const [name, one, tag] of [...pairs, ...pairs]) {
          writeKnownAttribute(known, tag, name, one)
          writeAttribute(plain, tag, name, one)
        }
        expect(Buffer.from(known.finish())).toEqual(Buffer.from(plain.finish()))
      }),
    )
  })
})
