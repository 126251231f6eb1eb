import type { Order, Problem, Reservation, Seat } from '@faultline/contracts'
import { check, sleep } from 'k6'
import { listSeats } from './api.ts'
import {
  downloadTicket,
  getOrder,
  getReservation,
  getTicket,
  listOrders,
  pay,
  release,
  reserve,
} from './booking.ts'
import { get, json, post, type Response, remove } from './client.ts'
import { writeDown } from './ledger.ts'
import { pick } from './random.ts'
import { routes } from './routes.ts'
import { bearer, refresh, type SignedIn, signIn } from './sessions.ts'
import { decliningToken, paymentToken } from './settings.ts'

/** Half seconds that a payment and then a ticket may take. */
const POLLS = 40

/** Everything that needs a sign-in, once, with its refusals, on a seat of this concert. */
export function bookAndRefuse(concertId: string): void {
  refusesStrangers()
  const session = signIn('visitor-1')
  check(session, { 'a demo user can sign in': (signedIn) => signedIn !== undefined })
  if (session === undefined) return

  const released = hold(session, concertId)
  if (released !== undefined) {
    getReservation(session, released.id)
    release(session, released.id)
  }
  const unpaid = hold(session, concertId)
  if (unpaid !== undefined) {
    check(pay(session, unpaid.id, decliningToken), {
      'a declined card is a problem of its own': (answer) =>
        answer.status === 402 && hasType(answer, 'payment-declined'),
    })
  }
  const held = hold(session, concertId)
  if (held !== undefined) buyAndCollect(session, held)
  listOrders(session)
  leave(session)
}

function refusesStrangers(): void {
  // A name of its own each time: failed sign-ins with the same one would soon be limited.
  const credentials = { username: `nobody-${crypto.randomUUID()}`, password: 'not the password' }
  refuses(post(routes.signIn, '/v1/sessions', credentials, { status: 401 }))
  refuses(get(routes.orders, '/v1/orders', { status: 401 }))
}

/** Renews the session, ends it, and finds that it is over. */
function leave(session: SignedIn): void {
  const renewed = refresh(session.username, session.refreshToken ?? '')
  check(renewed, { 'a session can be renewed': (again) => again !== undefined })
  if (renewed === undefined) return
  refuses(get(routes.webhooks, '/v1/webhooks', { headers: bearer(renewed), status: 403 }))
  remove(routes.signOut, '/v1/sessions/current', { headers: bearer(renewed) })
  refuses(get(routes.orders, '/v1/orders', { headers: bearer(renewed), status: 401 }))
}

/** Reserves one free seat of the concert. */
function hold(session: SignedIn, concertId: string): Reservation | undefined {
  for (let attempt = 0; attempt < 3; attempt++) {
    const seat = pick(freeSeats(concertId))
    if (seat === undefined) break
    const response = reserve(session, concertId, [seat.id])
    if (response.status === 201) return json<Reservation>(response) as Reservation
  }
  check(undefined, { 'a free seat can be reserved': () => false })
  return undefined
}

function freeSeats(concertId: string): Seat[] {
  const free: Seat[] = []
  let cursor: string | undefined
  do {
    const { items, nextCursor } = listSeats(concertId, { limit: 100, cursor })
    free.push(...items.filter(({ status }) => status === 'available'))
    cursor = nextCursor ?? undefined
  } while (free.length < 10 && cursor !== undefined)
  return free
}

function buyAndCollect(session: SignedIn, { id }: Reservation): void {
  const order = json<Order>(pay(session, id, paymentToken)) as Order | undefined
  if (order?.id === undefined) return
  writeDown(order)
  const paid = order.status === 'confirmed' || poll(() => isConfirmed(getOrder(session, order.id)))
  const collected = paid && poll(() => getTicket(session, order.id).status === 200)
  check(collected, { 'a paid order has a ticket': (there) => there })
  if (!collected) return
  check(downloadTicket(session, order.id), {
    'the ticket is a PDF': ({ headers }) => headers['Content-Type']?.startsWith('application/pdf') === true,
  })
}

const isConfirmed = (response: Response): boolean => json<Order>(response)?.status === 'confirmed'

function poll(done: () => boolean): boolean {
  for (let attempt = 0; attempt < POLLS; attempt++) {
    if (done()) return true
    sleep(0.5)
  }
  return false
}

const hasType = (response: Response, kind: string): boolean =>
  json<Problem>(response)?.type?.endsWith(kind) === true

export function refuses(response: Response): void {
  check(response, {
    'refusal is a problem document with a request id': ({ body, headers }) =>
      headers['Content-Type']?.startsWith('application/problem+json') === true &&
      (body ?? '').includes('"requestId"'),
  })
}
