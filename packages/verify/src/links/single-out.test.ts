import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { singleOut } from './single-out.ts'

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
