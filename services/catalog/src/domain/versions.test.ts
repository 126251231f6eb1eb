import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { concertTag, versionsAllowed } from './versions.ts'

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
