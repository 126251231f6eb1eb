/**
 * What the drills of the payment path run under: buyers who hold one seat and pay for it, once. Nobody presses the
 * button again, so every repetition that the system sees is one that the system makes.
 */
import type { Options } from 'k6/options'
import { listSeats } from './lib/api.ts'
import { json, post } from './lib/client.ts'
import { summaryTrendStats, systemTags, virtualUsers } from './lib/load.ts'
import { pick, seedIteration } from './lib/random.ts'
import { routes } from './lib/routes.ts'
import { bearer, type SignedIn, signedIn, signInPool } from './lib/sessions.ts'
import { duration, paymentToken, ratePerSecond } from './lib/settings.ts'
import { type Programme, readProgramme } from './lib/visitors.ts'

export { handleSummary } from './lib/summary.ts'

const rate = ratePerSecond(6)
/** Longest an order may take until the gateway gives up; so many buyers wait at a time. */
const LONGEST_SECONDS = 15
const USERS = 8

export const options: Options = {
  scenarios: {
    buy: {
      executor: 'constant-arrival-rate',
      exec: 'buy',
      rate: Math.round(rate * 10),
      timeUnit: '10s',
      duration: duration('5m'),
      ...virtualUsers(rate, LONGEST_SECONDS),
      gracefulStop: '15s',
    },
  },
  setupTimeout: '60s',
  systemTags,
  summaryTrendStats,
}

interface Setup {
  readonly programme: Programme
  readonly pool: readonly SignedIn[]
}

export const setup = (): Setup => ({ programme: readProgramme(200), pool: signInPool(USERS) })

export function buy({ programme, pool }: Setup): void {
  seedIteration()
  const concert = pick(programme)
  if (!concert) return
  const seat = pick(
    listSeats(concert.id, { limit: 100 }).items.filter(({ status }) => status === 'available'),
  )
  if (!seat) return
  const headers = (session: SignedIn | undefined) => ({
    ...bearer(session),
    'idempotency-key': crypto.randomUUID(),
  })
  const reservation = json<{ id: string }>(
    signedIn(pool, (session) =>
      post(
        routes.reserve,
        '/v1/reservations',
        { concertId: concert.id, seatIds: [seat.id] },
        { headers: headers(session), status: [201, 409] },
      ),
    ),
  )
  if (reservation?.id === undefined) return
  signedIn(pool, (session) =>
    post(
      routes.pay,
      '/v1/orders',
      { reservationId: reservation.id, paymentToken },
      { headers: headers(session), status: [201, 402] },
    ),
  )
}
