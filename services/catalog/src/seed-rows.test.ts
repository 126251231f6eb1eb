import { describe, expect, it } from 'vitest'
import { defaultSeedSize } from './seed.ts'
import { makeConcert, makeSeats, makeVenue, nameBasedUuid, SEATS_PER_CONCERT } from './seed-rows.ts'

const concerts = Array.from({ length: 200 }, (_, index) => makeConcert(index, 40))

describe('the seeded rows', () => {
  it('are the same every time, on every machine', () => {
    expect(makeConcert(7, 40)).toEqual(makeConcert(7, 40))
    expect(makeConcert(0, 40)).toMatchObject({
      id: '6efe0eec-8104-5b76-9d6d-f7dfc63a80dd',
      title: 'Silver Foxes: Acoustic Evening',
    })
  })

  it('are half a million seats in a thousand concerts', () => {
    expect(defaultSeedSize.concerts).toBe(1_000)
    expect(defaultSeedSize.concerts * SEATS_PER_CONCERT).toBe(500_000)
  })

  it('have ids that are valid and differ', () => {
    const seats = [...makeSeats(concerts[0]?.id ?? '')]
    expect(seats).toHaveLength(SEATS_PER_CONCERT)
    expect(new Set(seats.map(({ id }) => id)).size).toBe(SEATS_PER_CONCERT)
    for (const { id } of [...seats, ...concerts]) {
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    }
  })

  it('have a venue for every concert', () => {
    const venues = new Set(Array.from({ length: 40 }, (_, index) => makeVenue(index).id))
    expect(concerts.every(({ venueId }) => venues.has(venueId))).toBe(true)
  })

  it('include concerts that sell differently', () => {
    const free = concerts.map(
      ({ id }) => [...makeSeats(id)].filter(({ status }) => status === 'available').length,
    )
    expect(Math.min(...free)).toBeLessThan(50)
    expect(Math.max(...free)).toBeGreaterThan(450)
  })

  it('hold nothing that COPY would have to escape', () => {
    const values = [...concerts, ...Array.from({ length: 40 }, (_, index) => makeVenue(index))].flatMap(
      Object.values,
    )
    expect(values.filter((value) => /[\t\n\r\\]/.test(String(value)))).toEqual([])
  })
})

describe('nameBasedUuid', () => {
  it('is a version 5 UUID of its name', () => {
    expect(nameBasedUuid('a')).toBe(nameBasedUuid('a'))
    expect(nameBasedUuid('a')).not.toBe(nameBasedUuid('b'))
  })
})
