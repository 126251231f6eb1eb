import type { Order, Problem, Reservation, Seat } from '@faultline/contracts'
import { check, sleep } from 'k6'
import { Counter, Rate, Trend } from 'k6/metrics'
import { getConcert, listConcerts, listSeats } from './api.ts'
import { downloadTicket, getOrder, getTicket, listOrders, pay, reserve } from './booking.ts'
import { json } from './client.ts'
import { writeDown } from './ledger.ts'
import { chance, pick } from './random.ts'
import { type SignedIn, signedIn } from './sessions.ts'
import { decliningToken, patienceSeconds, paymentToken, thinkSeconds } from './settings.ts'
import { type Programme, search } from './visitors.ts'

/** Share of the buyers who leave with seats on hold, which the box office takes back in time. */
const ABANDONS = 0.05
/** Share of the buyers whose card is declined. */
const DECLINES = 0.02
/** Most seats that a buyer takes. */
const MAX_PARTY = 4
/** How often a buyer looks for other seats, or another concert, before giving up. */
const SEAT_TRIES = 4
const SEATS_PER_PAGE = 100
const PAGES = 5
const POLL_SECONDS = 0.5

/** How visits ended that got as far as choosing seats. */
export const visits = new Counter('visits')
/** Seats that somebody else took between looking and reserving: an answer, not a failure. */
export const seatConflicts = new Counter('seat_conflicts')
/** From the acknowledged payment to the ticket, as the buyer sees it: to half a second. */
export const timeToTicket = new Trend('time_to_ticket', true)

/** Share of the paid orders whose ticket came while the buyer waited. */
export const ticketsDelivered = new Rate('tickets_delivered')

export type Outcome =
  | 'ticket'
  | 'abandoned'
  | 'declined'
  | 'no_seats'
  | 'not_reserved'
  | 'not_paid'
  | 'outcome_unknown'
  | 'no_ticket'

/** Time to read and decide; exponential, cut off so that no visit lasts for ever. */
const think = (): void => sleep(Math.min(4, -Math.log(1 - Math.random())) * thinkSeconds)

/** A whole visit: look around, choose seats, reserve, pay, wait for the ticket. */
export function buy(programme: Programme, pool: readonly SignedIn[]): void {
  if (chance(0.5)) listConcerts({ limit: 20 })
  else search(programme)
  think()
  visits.add(1, { outcome: visit(programme, pool) })
}

function visit(programme: Programme, pool: readonly SignedIn[]): Outcome {
  const held = holdSeats(programme, pool)
  if (held === undefined || typeof held === 'string') return held ?? 'no_seats'
  // Abandoned means that the tab is closed: nothing is released by hand.
  if (chance(ABANDONS)) return 'abandoned'
  think()
  const token = chance(DECLINES) ? decliningToken : paymentToken
  const response = signedIn(pool, (session) => pay(session, held.id, token))
  if (response.status === 402) return 'declined'
  const order = json<Order>(response)
  if ((response.status !== 201 && response.status !== 202) || !isOrder(order)) return 'not_paid'
  writeDown(order)
  return waitForTicket(order, pool)
}

const isOrder = (order: Partial<Order> | undefined): order is Order =>
  order?.id !== undefined && order.reservationId !== undefined && order.seatIds !== undefined

/** Reserves seats of some concert that has any, trying others when somebody was quicker. */
function holdSeats(programme: Programme, pool: readonly SignedIn[]): Reservation | Outcome | undefined {
  const party = 1 + Math.floor(Math.random() * MAX_PARTY)
  for (let attempt = 0; attempt < SEAT_TRIES; attempt++) {
    // Any concert alike: if buyers followed the crowd, the first ones would be sold out within hours of load.
    const concert = pick(programme)
    if (!concert) return undefined
    getConcert(concert.id)
    const free = freeSeats(concert.id, party)
    if (free.length === 0) continue
    think()
    const start = Math.floor(Math.random() * Math.max(1, free.length - party + 1))
    const seatIds = free.slice(start, start + party).map(({ id }) => id)
    const response = signedIn(pool, (session) => reserve(session, concert.id, seatIds))
    if (response.status === 409) {
      seatConflicts.add(1)
      check(response, {
        'a conflict is about a seat': (answer) =>
          json<Problem>(answer)?.type?.endsWith('seat-not-available') === true,
      })
      continue
    }
    const reservation = json<Reservation>(response)
    return response.status === 201 && reservation?.id !== undefined
      ? (reservation as Reservation)
      : 'not_reserved'
  }
  return undefined
}

/** Free seats of a concert, page by page until there are enough to choose from. */
function freeSeats(concertId: string, wanted: number): Seat[] {
  const free: Seat[] = []
  let cursor: string | undefined
  for (let page = 0; page < PAGES; page++) {
    const { items, nextCursor } = listSeats(concertId, { limit: SEATS_PER_PAGE, cursor })
    free.push(...items.filter(({ status }) => status === 'available'))
    cursor = nextCursor ?? undefined
    if (free.length >= wanted * 4 || cursor === undefined) break
  }
  return free
}

function waitForTicket(order: Order, pool: readonly SignedIn[]): Outcome {
  const paidAt = Date.now()
  const deadline = paidAt + patienceSeconds * 1_000
  let { status } = order
  while (status === 'pending' && Date.now() < deadline) {
    sleep(POLL_SECONDS)
    const response = signedIn(pool, (session) => getOrder(session, order.id))
    // A problem has a `status` too: that of the answer, not of the order.
    if (response.status === 200) status = json<Order>(response)?.status ?? status
  }
  if (status === 'pending') return 'outcome_unknown'
  if (status !== order.status) writeDown({ ...order, status })
  if (status === 'declined') return 'declined'
  while (Date.now() < deadline) {
    if (signedIn(pool, (session) => getTicket(session, order.id)).status === 200) {
      timeToTicket.add(Date.now() - paidAt)
      ticketsDelivered.add(true)
      if (chance(0.5)) signedIn(pool, (session) => downloadTicket(session, order.id))
      if (chance(0.2)) signedIn(pool, listOrders)
      return 'ticket'
    }
    sleep(POLL_SECONDS)
  }
  ticketsDelivered.add(false)
  return 'no_ticket'
}
