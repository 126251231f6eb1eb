import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SegmentIndexes } from './segment-indexes.ts'

interface Sized {
  readonly segment: number
  bytes: number
}

class SizedIndexes extends SegmentIndexes<Sized> {
  constructor(maxBytes: number) {
    super(maxBytes, (segment) => ({ segment, bytes: 0 }))
  }

  add(segment: number, bytes: number): void {
    const index = this.forSegment(segment)
    if (index !== undefined) index.bytes += bytes
    this.evict()
  }
}

test('the bound is kept by forgetting the oldest segments, however they are filled', () => {
  const additions = fc.array(fc.tuple(fc.nat(6), fc.nat(60)), { maxLength: 30 })
  fc.assert(
    fc.property(additions, (list) => {
      const indexes = new SizedIndexes(100)
      for (const [segment, bytes] of list) {
        indexes.add(segment, bytes)
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
  indexes.add(1, 80)
  indexes.add(2, 80)
  indexes.add(1, 5)
  expect(indexes.list().map(({ segment }) => segment)).toEqual([2])
  expect(indexes.evicted).toBe(1)
})
