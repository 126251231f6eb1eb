import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SegmentIndexes } from './segment-indexes.ts'

interface Sized {
  readonly segment: number
  readonly itemCount: number
  bytes: number
}

class SizedIndexes extends SegmentIndexes<Sized, number> {
  protected create(segment: number): Sized {
    return { segment, itemCount: 0, bytes: 0 }
  }

  protected addTo(index: Sized, bytes: number): void {
    index.bytes += bytes
  }
}

const frame = (segment: number) => ({ segment, offset: 0, length: 0 })

test('the bound is kept by forgetting the oldest segments, however they are filled', () => {
  const additions = fc.array(fc.tuple(fc.nat(6), fc.nat(60)), { maxLength: 30 })
  fc.assert(
    fc.property(additions, (list) => {
      const indexes = new SizedIndexes(100)
      for (const [segment, bytes] of list) {
        indexes.add(bytes, frame(segment))
        const held = indexes.list()
        expect(indexes.bytes <= 100 || held.length === 1).toBe(true)
        expect(held.map((index) => index.segment)).toEqual(
          held.map((index) => index.segment).toSorted((a, b) => a - b),
        )
      }
    }),
  )
})

test('an evicted segment is not indexed again, a newer one is', () => {
  const indexes = new SizedIndexes(100)
  indexes.add(80, frame(1))
  indexes.add(80, frame(2))
  indexes.add(5, frame(1))
  expect(indexes.list().map(({ segment }) => segment)).toEqual([2])
  expect(indexes.evicted).toBe(1)
})
