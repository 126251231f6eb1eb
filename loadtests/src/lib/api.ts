import type { ConcertPage, SeatPage, VenuePage } from '@faultline/contracts'
import { check } from 'k6'
import { get, post, type RequestOptions, type Response } from './client.ts'
import { routes } from './routes.ts'

type Query = NonNullable<RequestOptions['query']>
type AnyPage = ConcertPage | SeatPage | VenuePage
type EmptyPage = { items: []; nextCursor: null }

/** Reads a list answer. An answer that is not one counts as a failed check and reads as an empty page. */
function page<Page extends AnyPage>(response: Response): Page | EmptyPage {
  let body: unknown
  try {
    body = response.json()
  } catch {
    body = undefined
  }
  const isPage = typeof body === 'object' && body !== null && 'items' in body && Array.isArray(body.items)
  check(response, { 'list answer has items': () => isPage })
  return isPage ? (body as Page) : { items: [], nextCursor: null }
}

export const listConcerts = (query: Query = {}): ConcertPage | EmptyPage =>
  page<ConcertPage>(get(routes.concerts, '/v1/concerts', { query }))

export const listSeats = (concertId: string, query: Query = {}): SeatPage | EmptyPage =>
  page<SeatPage>(get(routes.seats, `/v1/concerts/${concertId}/seats`, { query }))

export const listVenues = (query: Query = {}): VenuePage | EmptyPage =>
  page<VenuePage>(get(routes.venues, '/v1/venues', { query }))

export const getConcert = (concertId: string, options: RequestOptions = {}): Response =>
  get(routes.concert, `/v1/concerts/${concertId}`, options)

export const getVenue = (venueId: string): Response => get(routes.venue, `/v1/venues/${venueId}`)

export const queryAvailability = (concertIds: readonly string[]): Response =>
  post(routes.availability, '/v1/availability-queries', { concertIds })
