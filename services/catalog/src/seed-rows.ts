/** The catalog's rows; everything follows from the index, nothing from chance or the clock. */
import { hash } from 'node:crypto'

/** The blocks of seats in every venue; prices in cents. */
const SECTIONS = [
  { name: 'Floor', rows: 10, seatsPerRow: 20, price: 8_500 },
  { name: 'Balcony', rows: 10, seatsPerRow: 20, price: 6_000 },
  { name: 'Gallery', rows: 5, seatsPerRow: 20, price: 3_500 },
]

/** Seats of every concert. */
export const SEATS_PER_CONCERT = SECTIONS.reduce((sum, { rows, seatsPerRow }) => sum + rows * seatsPerRow, 0)

const CITIES: readonly (readonly [city: string, country: string])[] = [
  ['Berlin', 'DE'],
  ['Hamburg', 'DE'],
  ['Vienna', 'AT'],
  ['Zurich', 'CH'],
  ['Paris', 'FR'],
  ['Lyon', 'FR'],
  ['Amsterdam', 'NL'],
  ['Brussels', 'BE'],
  ['Copenhagen', 'DK'],
  ['Stockholm', 'SE'],
  ['Oslo', 'NO'],
  ['Helsinki', 'FI'],
  ['Tallinn', 'EE'],
  ['Warsaw', 'PL'],
  ['Prague', 'CZ'],
  ['Budapest', 'HU'],
  ['Milan', 'IT'],
  ['Madrid', 'ES'],
  ['Lisbon', 'PT'],
  ['Dublin', 'IE'],
]
const HALLS = ['Philharmonic Hall', 'Harbour Arena', 'Old Theatre', 'Glass House', 'Station Club']
const GENRES = ['jazz', 'classical', 'rock', 'folk', 'electronic', 'soul', 'hip-hop', 'opera']
const FIRST_WORDS = [
  'Silver',
  'Midnight',
  'Northern',
  'Paper',
  'Velvet',
  'Golden',
  'Distant',
  'Electric',
  'Quiet',
]
const SECOND_WORDS = ['Foxes', 'Orchestra', 'Parade', 'Lanterns', 'Quartet', 'Rivers', 'Machines', 'Choir']
const TOURS = [
  'World Tour',
  'Winter Session',
  'Acoustic Evening',
  'Farewell Show',
  'Release Party',
  'Open Air',
]

/** First evening of the season; half past seven in the evening, UTC. */
const SEASON_START = Date.UTC(2027, 0, 1, 19, 30)
const SEASON_DAYS = 365
const DAY_MS = 86_400_000

/** When all of it was announced. */
const ANNOUNCED_AT = Date.UTC(2026, 8, 1, 10)

/** An entry of a list that is not empty; which one follows from the index. */
const pick = <T>(list: readonly T[], index: number) => list[index % list.length] as T

/** The `index`th venue; the cities take turns. */
export function makeVenue(index: number) {
  const [city, country] = pick(CITIES, index)
  const hall = pick(HALLS, Math.floor(index / CITIES.length))
  return {
    id: nameBasedUuid(`venue/${index}`),
    name: `${hall} ${city}`,
    city,
    country,
    capacity: SEATS_PER_CONCERT,
  }
}

/** The `index`th concert, in one of `venueCount` venues. */
export function makeConcert(index: number, venueCount: number) {
  const id = nameBasedUuid(`concert/${index}`)
  const variety = Math.floor(fractionOf(id) * 1_000_000)
  const genre = pick(GENRES, variety)
  const artist = `${pick(FIRST_WORDS, index)} ${pick(SECOND_WORDS, Math.floor(index / FIRST_WORDS.length))}`
  const title = `${artist}: ${pick(TOURS, variety)}`
  const venue = makeVenue(variety % venueCount)
  return {
    id,
    venueId: venue.id,
    title,
    artist,
    genre,
    description: `An evening of ${genre} with ${artist} at ${venue.name}. Doors open one hour before the start.`,
    startsAt: new Date(SEASON_START + (variety % SEASON_DAYS) * DAY_MS),
    seatCount: SEATS_PER_CONCERT,
    lowestPrice: Math.min(...SECTIONS.map(({ price }) => price)),
    currency: 'EUR',
    updatedAt: new Date(ANNOUNCED_AT),
  }
}

/** All seats of a concert. How well it sells follows from its id: from nearly empty to nearly sold out. */
export function* makeSeats(concertId: string) {
  const share = fractionOf(concertId)
  for (const { name, rows, seatsPerRow, price } of SECTIONS) {
    for (let row = 0; row < rows; row++) {
      const rowLabel = String.fromCharCode('A'.charCodeAt(0) + row)
      for (let number = 1; number <= seatsPerRow; number++) {
        const id = nameBasedUuid(`seat/${concertId}/${name}/${rowLabel}/${number}`)
        yield {
          id,
          concertId,
          section: name,
          rowLabel,
          number,
          status: seatStatus(id, share),
          price,
          currency: 'EUR',
        }
      }
    }
  }
}

/** One seat in fifty is held by somebody who is paying. */
const HELD_SHARE = 0.02

function seatStatus(seatId: string, soldShare: number): 'available' | 'held' | 'sold' {
  const fraction = fractionOf(seatId)
  if (fraction < HELD_SHARE) return 'held'
  return fraction < HELD_SHARE + soldShare * (1 - HELD_SHARE) ? 'sold' : 'available'
}

/** Namespace of the kit's generated identifiers: a UUID like any other, only fixed. */
const NAMESPACE = Buffer.from('6f1c9f0e4b5d4c7e9a2f3d8b7c6a5e41', 'hex').toString('latin1')

/**
 * The same name always gives the same UUID (version 5), so that seeding twice, or on two machines, gives the
 * same rows.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-5
 */
export function nameBasedUuid(name: string): string {
  const digest = hash('sha1', Buffer.from(NAMESPACE + name, 'latin1'), 'hex')
  const variant = ((Number.parseInt(digest.slice(16, 18), 16) & 0x3f) | 0x80).toString(16)
  return `${digest.slice(0, 8)}-${digest.slice(8, 12)}-5${digest.slice(13, 16)}-${variant}${digest.slice(18, 20)}-${digest.slice(20, 32)}`
}

/** A number in [0, 1) that follows from an identifier alone; the source of all variety in seed data. */
function fractionOf(id: string): number {
  return Number.parseInt(id.slice(24, 32), 16) / 0x1_0000_0000
}
