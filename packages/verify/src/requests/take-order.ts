import { setTimeout as delay } from 'node:timers/promises'
import * as z from 'zod'
import { fillIn, type OrderRoutes } from './plan.ts'
import type { AnsweredRequest, Sender } from './sender.ts'

/** Who verify signs in as. */
export interface Credentials {
  readonly username: string
  readonly password: string
}

export type OrderStep = 'sign in' | 'find a seat' | 'reserve' | 'pay' | 'ticket'

/** What became of an order of verify's own. */
export interface OrderJourney {
  readonly orderId?: string
  readonly reservationId?: string
  /** Trace of the request that paid: the one that goes on over the broker to the ticket. */
  readonly traceId?: string
  /** Where it came to an end before the ticket. */
  readonly broken?: { readonly step: OrderStep; readonly seen: string }
}

/** Whether it came to its ticket. */
export function isDone({ broken, traceId }: OrderJourney): boolean {
  return broken === undefined && traceId !== undefined
}

const sessionSchema = z.looseObject({ accessToken: z.string(), scope: z.string() })
const itemsSchema = z.looseObject({
  items: z.array(z.looseObject({ id: z.string(), status: z.string().optional() })),
})
const madeSchema = z.looseObject({ id: z.string(), status: z.string() })

export interface OrderOptions {
  readonly sender: Sender
  readonly routes: OrderRoutes
  readonly credentials: Credentials
  /** Begins the idempotency keys. */
  readonly key: string
  readonly signal: AbortSignal
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
  const { sender, routes, credentials } = options
  if (sender.session === undefined) {
    const answer = await post(options, routes.signIn, credentials)
    const parsed = sessionSchema.safeParse(answer.body)
    if (answer.status !== 201 || !parsed.success) return broken('sign in', answer)
    const { accessToken, scope } = parsed.data
    sender.session = { accessToken, scopes: new Set(scope.split(' ')) }
  }
  for (let attempt = 1; ; attempt++) {
    const { journey, again } = await tryOrder(options, `${options.key}-${attempt}`)
    if (!again || attempt === MAX_TRIES) return journey
  }
}

/** One try; `again` where another seat or another payment may do. */
async function tryOrder(
  options: OrderOptions,
  key: string,
): Promise<{ journey: OrderJourney; again: boolean }> {
  const { routes } = options
  const seat = await findSeat(options)
  if (!('request' in seat)) return { journey: seat, again: seat.broken?.seen === NONE_FREE }
  const reserved = await post(options, routes.reserve, seat.request, `${key}-r`)
  const reservation = madeSchema.safeParse(reserved.body)
  if (reserved.status !== 201 || !reservation.success)
    return { journey: broken('reserve', reserved), again: reserved.status === 409 }
  const reservationId = reservation.data.id
  const payment = { reservationId, paymentToken: PAYMENT_TOKEN }
  const paid = await post(options, routes.pay, payment, `${key}-o`)
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

async function findSeat({ routes, sender }: OrderOptions): Promise<Seat> {
  const list = async (route: string, path: string) => {
    const answer = await sender.send({ method: 'GET', route, path: `${path}?limit=100`, purpose: 'order' })
    return { answer, items: itemsSchema.safeParse(answer.body).data?.items }
  }
  const concerts = await list(routes.concerts, routes.concerts)
  const concert = anyOf(concerts.items ?? [])
  if (concert === undefined) return broken('find a seat', concerts.answer)
  const seats = await list(
    routes.seats,
    fillIn(routes.seats, () => concert.id),
  )
  if (seats.items === undefined) return broken('find a seat', seats.answer)
  const seat = anyOf(seats.items.filter(({ status }) => status === 'available'))
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
  { sender, signal }: OrderOptions,
  route: string,
  id: string,
  done: (answer: AnsweredRequest) => boolean,
): Promise<AnsweredRequest> {
  const untilMs = Date.now() + PATIENCE_MS
  for (;;) {
    const path = fillIn(route, () => id)
    const answer = await sender.send({ method: 'GET', route, path, signedIn: true, purpose: 'order' })
    if (done(answer) || Date.now() > untilMs) return answer
    await delay(POLL_MS, undefined, { signal })
  }
}

function post(
  { sender }: OrderOptions,
  route: string,
  body: unknown,
  idempotencyKey?: string,
): Promise<AnsweredRequest> {
  return sender.send({
    method: 'POST',
    route,
    path: route,
    body: JSON.stringify(body),
    purpose: 'order',
    ...(idempotencyKey === undefined
      ? {}
      : { signedIn: true, headers: { 'idempotency-key': idempotencyKey } }),
  })
}

function anyOf<T>(items: readonly T[]): T | undefined {
  return items[Math.floor(Math.random() * items.length)]
}

function broken(step: OrderStep, answer: AnsweredRequest): Pick<OrderJourney, 'broken'> {
  return { broken: { step, seen: describeAnswer(answer) } }
}

function describeAnswer({ method, route, status, error, body }: AnsweredRequest): string {
  const problem = z.looseObject({ title: z.string() }).safeParse(body)
  const title = problem.success ? ` (${problem.data.title})` : ''
  return `${method} ${route}: ${status ?? error}${title}`
}
