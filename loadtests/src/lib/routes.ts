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
  signIn: 'POST /v1/sessions',
  refresh: 'POST /v1/sessions/refresh',
  signOut: 'DELETE /v1/sessions/current',
  reserve: 'POST /v1/reservations',
  reservation: 'GET /v1/reservations/{reservationId}',
  release: 'DELETE /v1/reservations/{reservationId}',
  pay: 'POST /v1/orders',
  orders: 'GET /v1/orders',
  order: 'GET /v1/orders/{orderId}',
  ticket: 'GET /v1/orders/{orderId}/ticket',
  webhooks: 'GET /v1/webhooks',
  ticketPdf: 'GET /v1/orders/{orderId}/ticket.pdf',
} as const

export type Route = (typeof routes)[keyof typeof routes]
