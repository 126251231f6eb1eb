import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aService } from '../testing/factories.ts'
import { oftenReached, singleOut } from './profile-link.ts'

const served = (gateway: number, catalog: number, booking: number) => [
  aService({ name: 'gateway', ownServerSpans: gateway }),
  aService({ name: 'catalog', ownServerSpans: catalog }),
  aService({ name: 'booking', ownServerSpans: booking }),
]

describe('the services that serve most of verify’s own requests', () => {
  it('are not known while few traces have been read', () => {
    expect(oftenReached(served(3, 2, 0), false)).toBeUndefined()
    expect(oftenReached([], false)).toBeUndefined()
  })

  it('leave out what only an order reaches', () => {
    const often = oftenReached(served(40, 36, 8), false)
    expect(often?.map(({ name }) => name)).toEqual(['gateway', 'catalog'])
  })

  it('are those seen so far when no more traces are to be expected', () => {
    const often = oftenReached(served(3, 3, 0), true)
    expect(often?.map(({ name }) => name)).toEqual(['gateway', 'catalog'])
    expect(oftenReached(served(0, 0, 0), true)).toEqual([])
  })
})

describe('singleOut', () => {
  it('finds an item that holds if there is one, with few questions', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 200 }), async (items) => {
        let questions = 0
        const found = await singleOut(items, async (some) => {
          questions++
          return some.some((item) => item)
        })
        expect(found).toBe(items.includes(true) ? true : undefined)
        expect(questions).toBeLessThanOrEqual(Math.ceil(Math.log2(Math.max(1, items.length))) + 1)
      }),
    )
  })
})
