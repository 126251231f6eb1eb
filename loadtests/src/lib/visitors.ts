import type { ConcertSummary } from '@faultline/contracts'
import { fail, sleep } from 'k6'
import { getConcert, getVenue, listConcerts, listSeats, listVenues, queryAvailability } from './api.ts'
import { chance, pick } from './random.ts'

/** The concerts that visitors know of. Read from list answers, so that the scripts fit any seed data. */
export type Programme = readonly Pick<ConcertSummary, 'id' | 'title' | 'venue'>[]

const pageSize = 50
/** The shop may be starting, or a drill may have begun: one bad answer must not cancel the whole run. */
const tries = 5

/**
 * Reads the first concerts of the programme, page by page, up to `wanted`.
 * Throws when the shop answers none: a script without concerts would measure nothing and pass.
 */
export function readProgramme(wanted: number): Programme {
  for (let attempt = 1; attempt <= tries; attempt++) {
    const concerts = readPages(wanted)
    if (concerts.length > 0) return concerts.slice(0, wanted)
    sleep(1)
  }
  fail(`the shop listed no concerts in ${tries} tries: is it up, and is its database seeded?`)
}

function readPages(wanted: number): ConcertSummary[] {
  const concerts: ConcertSummary[] = []
  let cursor: string | undefined
  do {
    const { items, nextCursor } = listConcerts({ limit: pageSize, cursor })
    concerts.push(...items)
    cursor = nextCursor ?? undefined
  } while (cursor !== undefined && concerts.length < wanted)
  return concerts
}

/** A few concerts sell most tickets: squaring a uniform number puts half of the visits on the first quarter. */
const popularConcert = (programme: Programme) => programme[Math.floor(Math.random() ** 2 * programme.length)]

/** Turns the pages of the programme, and sometimes looks at a venue. */
export function browse(): void {
  const { nextCursor } = listConcerts({ limit: 20 })
  if (nextCursor !== null) listConcerts({ limit: 20, cursor: nextCursor })
  if (!chance(0.4)) return
  const venue = pick(listVenues({ limit: 20 }).items)
  if (venue) getVenue(venue.id)
}

/** Looks for a word of a concert's title, half of the time in its city, and opens a hit. */
export function search(programme: Programme): void {
  const wanted = popularConcert(programme)
  if (!wanted) return
  const query = pick(wanted.title.split(/\s+/).filter((word) => word.length > 3)) ?? wanted.title
  const city = chance(0.5) ? wanted.venue.city : undefined
  const hit = pick(listConcerts({ query, city, minAvailable: 2, limit: 20 }).items)
  if (hit) getConcert(hit.id)
}

/** Opens a concert, looks at its seats, compares others, and sometimes reloads the page it already has. */
export function view(programme: Programme): void {
  const concert = popularConcert(programme)
  if (!concert) return
  const { Etag: etag } = getConcert(concert.id).headers
  listSeats(concert.id, { limit: 50 })
  if (chance(0.3)) {
    const others = [popularConcert(programme), popularConcert(programme)]
    queryAvailability([concert, ...others].flatMap((compared) => compared?.id ?? []))
  }
  if (etag !== undefined && chance(0.3)) {
    getConcert(concert.id, { headers: { 'if-none-match': etag }, status: 304 })
  }
}
