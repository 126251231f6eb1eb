import { setTimeout as delay } from 'node:timers/promises'
import * as z from 'zod'
import { type ConcreteRequest, fillIn } from '../requests/instantiate.ts'
import type { OrderRoutes } from '../requests/plan.ts'
import type { AnsweredRequest, Credentials, SentRequest } from '../requests/requester.ts'

/** Steps of an order, in their order. */
export const orderSteps = ['sign in', 'find a seat', 'reserve', 'pay', 'ticket'] as const
export type OrderStep = (typeof orderSteps)[number]

/** What became of an order of verify's own. */
export interface OrderJourney {
  readonly orderId?: string
  readonly reservationId?: string
  /** Trace of the request that paid: the one that goes on over the broker to the ticket. */
  readonly traceId?: string
  /** Where it came to an end before the ticket. */
  readonly broken?: { readonly step: OrderStep; readonly seen: string }
}

const sessionSchema = z.looseObject({ accessToken: z.string(), scope: z.string() })
const itemsSchema = z.looseObject({
  items: z.array(z.looseObject({ id: z.string(), status: z.string().optional() })),
})
const madeSchema = z.looseObject({ id: z.string(), status: z.string() })

export interface OrderOptions {
  readonly routes: OrderRoutes
  readonly credentials: Credentials
  /** Begins the idempotency keys. */
  readonly marker: string
  readonly signal: AbortSignal
  /** Token of the session, where there is one already. */
  readonly session: string | undefined
  signedIn(session: z.infer<typeof sessionSchema>): void
  send(request: ConcreteRequest): Promise<AnsweredRequest>
}

/** How often a seat is looked for when somebody was quicker, or the card was declined. */
const MAX_TRIES = 4
const POLL_MS = 500
/** Until the outcome of the payment is known, and again until the ticket is there. */
const PATIENCE_MS = 15_000
/** A card that the simulated provider accepts. */
const PAYMENT_TOKEN = 'tok_visa'

/** Buys one seat as a visitor does: signs in, finds a free seat, reserves it, pays and waits for the ticket. */
export async function takeOrder(options: OrderOptions): Promise<OrderJourney> {
  const { routes, credentials, session } = options
  if (session === undefined) {
    const answer = await post(options, routes.signIn, credentials)
    const parsed = sessionSchema.safeParse(answer.body)
    if (answer.status !== 201 || !parsed.success) return broken('sign in', answer)
    options.signedIn(parsed.data)
  }
  let journey: OrderJourney = {}
  for (let attempt = 0; attempt < MAX_TRIES; attempt++) {
    const next = await tryOrder(options, attempt)
    journey = next.journey
    if (!next.again) break
  }
  return journey
}

/** One try; `again` where another seat or another payment may do. */
async function tryOrder(
  options: OrderOptions,
  attempt: number,
): Promise<{ journey: OrderJourney; again: boolean }> {
  const { routes, marker } = options
  const seat = await findSeat(options)
  if (!('request' in seat)) return { journey: seat, again: seat.broken?.seen === NONE_FREE }
  const reserved = await post(options, routes.reserve, seat.request, `${marker}-r${attempt}`)
  const reservation = madeSchema.safeParse(reserved.body)
  if (reserved.status !== 201 || !reservation.success)
    return { journey: broken('reserve', reserved), again: reserved.status === 409 }
  const reservationId = reservation.data.id
  const paid = await post(
    options,
    routes.pay,
    { reservationId, paymentToken: PAYMENT_TOKEN },
    `${marker}-o${attempt}`,
  )
  const order = madeSchema.safeParse(paid.body)
  if ((paid.status !== 201 && paid.status !== 202) || !order.success)
    return { journey: broken('pay', paid), again: paid.status === 402 }
  const journey = { orderId: order.data.id, reservationId, traceId: paid.traceId }
  const outcome = await settled(options, order.data)
  if (outcome !== 'confirmed')
    return { journey: { ...journey, broken: { step: 'pay', seen: outcome } }, again: outcome === 'declined' }
  const last = await until(options, routes.ticket, journey.orderId, ({ status }) => status === 200)
  return {
    journey: last.status === 200 ? journey : { ...journey, ...broken('ticket', last) },
    again: false,
  }
}

const NONE_FREE = 'no free seat'

type Seat = { readonly request: { concertId: string; seatIds: string[] } } | Pick<OrderJourney, 'broken'>

async function findSeat({ routes, send }: OrderOptions): Promise<Seat> {
  const concerts = await get(send, routes.concerts, '?limit=100')
  const found = itemsSchema.safeParse(concerts.body)
  const concert = found.success ? anyOf(found.data.items) : undefined
  if (concert === undefined) return broken('find a seat', concerts)
  const seats = await get(
    send,
    routes.seats,
    '?limit=100',
    fillIn(routes.seats, () => concert.id),
  )
  const all = itemsSchema.safeParse(seats.body)
  if (!all.success) return broken('find a seat', seats)
  const seat = anyOf(all.data.items.filter(({ status }) => status === 'available'))
  return seat === undefined
    ? { broken: { step: 'find a seat', seen: NONE_FREE } }
    : { request: { concertId: concert.id, seatIds: [seat.id] } }
}

/** The status of the order once it is not pending any more, or what is so when patience ends. */
async function settled(options: OrderOptions, { id, status }: z.infer<typeof madeSchema>): Promise<string> {
  if (status !== 'pending') return status
  const known = (answer: AnsweredRequest) => {
    const order = madeSchema.safeParse(answer.body)
    return answer.status === 200 && order.success && order.data.status !== 'pending'
  }
  const last = await until(options, options.routes.order, id, known)
  const order = madeSchema.safeParse(last.body)
  return order.success ? order.data.status : describeAnswer(last)
}

async function until(
  { send, signal }: OrderOptions,
  route: string,
  id: string,
  done: (answer: AnsweredRequest) => boolean,
): Promise<AnsweredRequest> {
  const untilMs = Date.now() + PATIENCE_MS
  for (;;) {
    const path = fillIn(route, () => id)
    const answer = await send({ method: 'GET', route, path, body: undefined, signedIn: true })
    if (done(answer) || Date.now() > untilMs) return answer
    await delay(POLL_MS, undefined, { signal })
  }
}

function post(
  { send }: OrderOptions,
  route: string,
  body: unknown,
  idempotencyKey?: string,
): Promise<AnsweredRequest> {
  return send({
    method: 'POST',
    route,
    path: route,
    body: JSON.stringify(body),
    ...(idempotencyKey === undefined
      ? {}
      : { signedIn: true, headers: { 'idempotency-key': idempotencyKey } }),
  })
}

function get(
  send: OrderOptions['send'],
  route: string,
  query: string,
  path = route,
): Promise<AnsweredRequest> {
  return send({ method: 'GET', route, path: `${path}${query}`, body: undefined })
}

function anyOf<T>(items: readonly T[]): T | undefined {
  return items[Math.floor(Math.random() * items.length)]
}

function broken(step: OrderStep, answer: AnsweredRequest): Pick<OrderJourney, 'broken'> {
  return { broken: { step, seen: describeAnswer(answer) } }
}

function describeAnswer({ method, route, status, error, body }: SentRequest & { body: unknown }): string {
  const problem = z.looseObject({ title: z.string() }).safeParse(body)
  const title = problem.success ? ` (${problem.data.title})` : ''
  return `${method} ${route}: ${status ?? error}${title}`
}
