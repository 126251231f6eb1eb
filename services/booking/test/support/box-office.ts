/** Booking with everything around it: real PostgreSQL and NATS, payments and the gateway's keys as small servers. */
import { randomUUID } from 'node:crypto'
import { IDEMPOTENCY_KEY_HEADER, type Order, type Problem, type Reservation } from '@faultline/contracts'
import { fetchJson, type JsonResponse } from '@faultline/test-support/http'
import { startNats, type TestNats } from '@faultline/test-support/servers'
import { type ServiceProcess, startServiceProcess } from '@faultline/test-support/service-process'
import { serve, type TestTelemetry, testTelemetry } from '@faultline/test-support/telemetry'
import { startUsers, type TestUsers } from '@faultline/test-support/tokens'
import { createBooking } from '../../src/main.ts'
import { type BookingDatabase, startBookingDatabase, type TestConcert } from './database.ts'
import { startPayments, type TestPayments } from './payments.ts'

const ENTRY = new URL('../../src/main.ts', import.meta.url)

export interface Replica extends AsyncDisposable {
  readonly url: string
  readonly telemetry: TestTelemetry
}

/** Somebody who uses booking. */
export interface Visitor {
  readonly userId: string
  readonly token: string
  send<Body = Problem>(method: string, path: string, options?: SendOptions): Promise<JsonResponse<Body>>
  reserve(concert: TestConcert, seatIds: readonly string[], key?: string): Promise<JsonResponse<Reservation>>
  order(reservationId: string, key?: string): Promise<JsonResponse<Order>>
}

interface SendOptions {
  body?: unknown
  key?: string
  headers?: Readonly<Record<string, string>>
}

/** How replicas keep their signing keys. */
export const KEYS = {
  SIGNING_KEYS_SECRET: 'a secret of the test, long enough for it',
  SIGNING_KEY_LEAD_SECONDS: 600,
  SIGNING_KEY_MAX_AGE_SECONDS: 86_400,
}

export interface BoxOffice extends AsyncDisposable {
  readonly database: BookingDatabase
  readonly nats: TestNats
  readonly payments: TestPayments
  readonly users: TestUsers
  /** A replica inside the test's process. */
  startReplica(options?: Partial<typeof KEYS> & { holdSeconds?: number; workers?: boolean }): Promise<Replica>
  /** A replica as a process of its own; the same port as before when given one. */
  startProcess(options?: { holdSeconds?: number; port?: number }): Promise<ServiceProcess>
  visitor(url: string, userId?: string): Promise<Visitor>
}

export async function startBoxOffice(): Promise<BoxOffice> {
  await using started = new AsyncDisposableStack()
  const database = started.use(await startBookingDatabase())
  const nats = started.use(await startNats())
  const replicas = new Set<string>()
  const payments = started.use(await startPayments(() => `${[...replicas][0]}/.well-known/jwks.json`))
  const users = started.use(await startUsers())
  const kept = started.move()
  return {
    database,
    nats,
    payments,
    users,

    async startReplica({ holdSeconds = 120, workers = true, ...keys } = {}) {
      const telemetry = testTelemetry()
      const booking = createBooking({
        config: {
          NATS_URL: nats.url,
          PAYMENTS_URL: [payments.url],
          GATEWAY_JWKS_URL: users.jwksUrl,
          HOLD_SECONDS: holdSeconds,
          ...KEYS,
          ...keys,
        },
        database: { url: database.serviceUrl, maxConnections: 10 },
        telemetry,
        // The test itself keeps the event loop of this process busy.
        shedding: { maxEventLoopDelayMs: Number.POSITIVE_INFINITY },
      })
      await booking.prepare?.()
      const server = await serve(booking.app)
      replicas.add(server.url)
      if (workers) await booking.start?.()
      return {
        url: server.url,
        telemetry,
        async [Symbol.asyncDispose]() {
          replicas.delete(server.url)
          await server[Symbol.asyncDispose]()
          await booking.close()
        },
      }
    },

    async startProcess({ holdSeconds = 120, port } = {}) {
      const service = await startServiceProcess({
        entry: ENTRY,
        env: {
          DATABASE_URL: database.serviceUrl,
          NATS_URL: nats.url,
          PAYMENTS_URL: payments.url,
          GATEWAY_JWKS_URL: users.jwksUrl,
          HOLD_SECONDS: String(holdSeconds),
          SIGNING_KEYS_SECRET: KEYS.SIGNING_KEYS_SECRET,
        },
        ...(port !== undefined && { port }),
      })
      replicas.add(service.url)
      return service
    },

    async visitor(url, userId = randomUUID()) {
      const token = await users.token(userId)
      return visitorOf(url, userId, token)
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  }
}

function visitorOf(url: string, userId: string, token: string): Visitor {
  function send<Body>(
    method: string,
    path: string,
    { body, key, headers }: SendOptions = {},
  ): Promise<JsonResponse<Body>> {
    return fetchJson<Body>(`${url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(key !== undefined && { [IDEMPOTENCY_KEY_HEADER]: key }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  }
  return {
    userId,
    token,
    send,
    reserve: ({ id: concertId }, seatIds, key = randomUUID()) =>
      send('POST', '/reservations', { body: { concertId, seatIds }, key }),
    order: (reservationId, key = randomUUID()) =>
      send('POST', '/orders', { body: { reservationId, paymentToken: 'tok_visa' }, key }),
  }
}
