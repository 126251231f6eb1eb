/**
 * Every endpoint once or twice, answers and refusals: a minute's check that the shop is wired up, not a load.
 */
import { check } from 'k6'
import type { Options } from 'k6/options'
import { getConcert, getVenue, listConcerts, listSeats, listVenues, queryAvailability } from './lib/api.ts'
import { get, post, type RequestOptions } from './lib/client.ts'
import { summaryTrendStats, systemTags } from './lib/load.ts'
import { type Route, routes } from './lib/routes.ts'
import { bookAndRefuse, refuses } from './lib/smoke-booking.ts'

export { handleSummary } from './lib/summary.ts'

export const options: Options = {
  scenarios: {
    smoke: { executor: 'shared-iterations', vus: 1, iterations: 3, maxDuration: '2m' },
  },
  thresholds: {
    checks: ['rate==1'],
    http_req_failed: ['rate==0'],
    // A cold database may answer slowly once; nothing may hang.
    http_req_duration: ['max<5000'],
    iterations: ['count==3'],
  },
  systemTags,
  summaryTrendStats,
}

/** An id that no factory makes: version and variant bits are those of a valid UUID. */
const unknownId = '00000000-0000-4000-8000-000000000000'

const refuseGet = (route: Route, path: string, options: RequestOptions): void =>
  refuses(get(route, path, options))

export default function smoke(): void {
  get(routes.openapi, '/openapi.json')

  const concerts = listConcerts({ limit: 5 })
  const [concert, ...others] = concerts.items
  check(concert, { 'the shop lists concerts': (first) => first !== undefined })
  if (!concert) return
  if (concerts.nextCursor !== null) listConcerts({ limit: 5, cursor: concerts.nextCursor })
  listConcerts({ query: concert.title, city: concert.venue.city, minAvailable: 1, limit: 5 })

  const { Etag: etag } = getConcert(concert.id).headers
  check(etag, { 'a concert has an ETag': (value) => value !== undefined })
  if (etag) getConcert(concert.id, { headers: { 'if-none-match': etag }, status: 304 })
  listSeats(concert.id, { limit: 5 })
  queryAvailability([concert.id, ...others.map(({ id }) => id)])

  const [venue] = listVenues({ limit: 5 }).items
  check(venue, { 'the shop lists venues': (first) => first !== undefined })
  if (venue) getVenue(venue.id)

  refuseGet(routes.concert, `/v1/concerts/${unknownId}`, { status: 404 })
  refuseGet(routes.venue, `/v1/venues/${unknownId}`, { status: 404 })
  refuseGet(routes.concerts, '/v1/concerts', { query: { cursor: 'no-cursor' }, status: 400 })
  refuses(post(routes.availability, '/v1/availability-queries', '{"concertIds": [', { status: 400 }))
  refuses(post(routes.availability, '/v1/availability-queries', { concertIds: [] }, { status: 400 }))

  bookAndRefuse(concert.id)
}
