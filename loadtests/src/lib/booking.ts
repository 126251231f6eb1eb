import { sleep } from 'k6'
import { get, post, type Response, remove } from './client.ts'
import { routes } from './routes.ts'
import { bearer, type SignedIn } from './sessions.ts'

type Session = SignedIn | undefined

/** A visitor who gets no answer presses the button again, this many times in all. */
const tries = 4
const pauseSeconds = 1

/**
 * Sends a POST until it is answered one way or the other, always with the same idempotency key, so that pressing twice
 * does not buy twice. The key is not drawn from the seed: a second run with the same seed buys again.
 */
function insist(send: (headers: Record<string, string>) => Response, session: Session): Response {
  const headers = { ...bearer(session), 'idempotency-key': crypto.randomUUID() }
  let response = send(headers)
  for (let attempt = 1; attempt < tries && isNoAnswer(response); attempt++) {
    sleep(pauseSeconds)
    response = send(headers)
  }
  return response
}

/** Connection lost, timed out (k6 gives these status 0), failed on the server's side, or asked to wait. */
const isNoAnswer = ({ status }: Response): boolean => status === 0 || status >= 500 || status === 429

/** Holds seats. 409: somebody was quicker. */
export const reserve = (session: Session, concertId: string, seatIds: readonly string[]): Response =>
  insist(
    (headers) =>
      post(routes.reserve, '/v1/reservations', { concertId, seatIds }, { headers, status: [201, 409] }),
    session,
  )

/** Pays for held seats. 202: the outcome is not known yet; 402: declined. */
export const pay = (session: Session, reservationId: string, paymentToken: string): Response =>
  insist(
    (headers) =>
      post(routes.pay, '/v1/orders', { reservationId, paymentToken }, { headers, status: [201, 202, 402] }),
    session,
  )

export const getReservation = (session: Session, id: string): Response =>
  get(routes.reservation, `/v1/reservations/${id}`, { headers: bearer(session) })

export const release = (session: Session, id: string): Response =>
  remove(routes.release, `/v1/reservations/${id}`, { headers: bearer(session) })

export const getOrder = (session: Session, id: string): Response =>
  get(routes.order, `/v1/orders/${id}`, { headers: bearer(session) })

export const listOrders = (session: Session): Response =>
  get(routes.orders, '/v1/orders', { query: { limit: 10 }, headers: bearer(session) })

/** Asks for the ticket. 404: it is still being rendered. */
export const getTicket = (session: Session, orderId: string): Response =>
  get(routes.ticket, `/v1/orders/${orderId}/ticket`, { headers: bearer(session), status: [200, 404] })

export const downloadTicket = (session: Session, orderId: string): Response =>
  get(routes.ticketPdf, `/v1/orders/${orderId}/ticket.pdf`, {
    headers: { ...bearer(session), accept: 'application/pdf' },
  })
