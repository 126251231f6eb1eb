/**
 * The routes that the scripts call. The value is the `name` tag of every request, which k6 puts on its metrics in
 * place of the URL: a URL holds ids, and an id must not become a label.
 */
export const routes = {
  concerts: 'GET /v1/concerts',
  concert: 'GET /v1/concerts/{concertId}',
  seats: 'GET /v1/concerts/{concertId}/seats',
  venues: 'GET /v1/venues',
  venue: 'GET /v1/venues/{venueId}',
  availability: 'POST /v1/availability-queries',
  openapi: 'GET /openapi.json',
} as const

export type Route = (typeof routes)[keyof typeof routes]
