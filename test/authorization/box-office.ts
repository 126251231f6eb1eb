import { randomUUID } from 'node:crypto'
import { REPLICAS, type Runtime, SERVICES } from '@faultline/runtime'
import { decodeJwt } from 'jose'
import { Client } from 'pg'
import { expect, vi } from 'vitest'
import { z } from 'zod'
import { type BookingSigner, bookingSigner, type GatewaySigner, gatewaySigner } from './tokens.ts'

export const PASSWORD = 'faultline-demo'

export interface CallOptions {
  token?: string | undefined
  body?: unknown
  headers?: Record<string, string>
}

/** The running services, each reached directly, with somebody's order and reservation and somebody's webhook. */
export interface BoxOffice {
  /** Signs tokens as the gateway does. */
  readonly signer: GatewaySigner
  /** Signs tokens as booking does towards payments. */
  readonly booking: BookingSigner
  /** Access tokens of those who have something. */
  readonly owners: { readonly visitor: string; readonly organiser: string }
  /** Ids of what they have, and of the catalog, by the name of the path parameter. */
  readonly ids: Readonly<Record<string, string>>
  /** What a service's document lists. */
  operationsOf(service: string): readonly Operation[]
  call(service: string, method: string, path: string, options?: CallOptions): Promise<Response>
  /** Signs in at the gateway. */
  signIn(username: string): Promise<{ accessToken: string; refreshToken: string }>
  /** Does what an operation is for, to things that are there, in the name of a token. */
  attempt(service: string, operation: Operation, token: string | undefined): Promise<Response>
  /** Fails when what an intruder could change is not as before. */
  expectNothingChanged(intrude: () => Promise<void>): Promise<void>
}

const sessionSchema = z.object({ accessToken: z.string(), refreshToken: z.string() })

/** What an intruder could have changed. */
const FINGERPRINT = `
  SELECT (SELECT json_agg(r ORDER BY id) FROM (SELECT id, status FROM booking.reservations) r) AS reservations,
         (SELECT json_agg(o ORDER BY id) FROM (SELECT id, status FROM booking.orders) o) AS orders,
         (SELECT json_agg(w ORDER BY id) FROM (SELECT id, url FROM ticketing.webhooks) w) AS webhooks,
         (SELECT json_agg(c ORDER BY id) FROM (SELECT id, status FROM payments.charges) c) AS charges,
         (SELECT md5(string_agg(c::text, '' ORDER BY id)) FROM catalog.concerts c) AS concerts,
         (SELECT count(*) FROM gateway.sessions WHERE revoked_at IS NOT NULL) AS revoked`

export async function openBoxOffice(runtime: Runtime, services: readonly string[]): Promise<BoxOffice> {
  const endpoints = runtime.endpoints()
  const { hostname, port } = new URL(endpoints.gateway)
  const offset = Number(port) - SERVICES.gateway.http
  /** The first replica of each. */
  const urls: Readonly<Record<string, string>> = Object.fromEntries(
    Object.entries(REPLICAS).map(([name, [first]]) => [
      name,
      `http://${hostname}:${SERVICES[first].http + offset}`,
    ]),
  )

  const call: BoxOffice['call'] = (service, method, path, { token, body, headers } = {}) =>
    fetch(`${urls[service]}${path}`, {
      method,
      headers: {
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })

  async function sql<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
    const client = new Client({ connectionString: endpoints.postgres })
    await client.connect()
    return (await client.query<Row>(text, values).finally(() => client.end())).rows
  }

  async function signIn(username: string) {
    const answer = await call('gateway', 'POST', '/v1/sessions', { body: { username, password: PASSWORD } })
    return sessionSchema.parse(await answer.json())
  }

  const documents = await Promise.all(
    services.map(async (name) => {
      const document = await (await call(name, 'GET', '/openapi.json')).json()
      return [name, operationsOf(document)] as const
    }),
  )
  const operations = new Map(documents)
  const signer = await gatewaySigner(endpoints.postgres)
  const booking = await bookingSigner(endpoints.postgres)
  const owners = {
    visitor: (await signIn('visitor-1')).accessToken,
    organiser: (await signIn('organiser-1')).accessToken,
  }
  const ids = await makeResources({ call, sql, owners })

  /** Bodies that would do something, by the name of their schema. */
  const bodies: Readonly<Record<string, () => unknown>> = {
    Credentials: () => ({ username: 'visitor-3', password: PASSWORD }),
    SessionRefresh: async () => ({ refreshToken: (await signIn('visitor-3')).refreshToken }),
    ReservationRequest: () => ({ concertId: ids.concertId, seatIds: [ids.seatId] }),
    OrderRequest: () => ({ reservationId: ids.reservationId, paymentToken: 'tok_visa' }),
    WebhookRequest: () => ({ url: 'https://127.0.0.1/' }),
    ConcertPatch: () => ({ title: 'Changed' }),
    ChargeRequest: () => ({
      orderId: ids.orderId,
      total: { amount: 1, currency: 'EUR' },
      paymentToken: 'tok_visa',
    }),
    ProviderChargeRequest: () => ({
      reference: randomUUID(),
      total: { amount: 1, currency: 'EUR' },
      paymentToken: 'tok_visa',
    }),
    AvailabilityQuery: () => ({ concertIds: [ids.concertId] }),
  }

  return {
    signer,
    booking,
    owners,
    ids,
    operationsOf: (service) => operations.get(service) ?? [],
    call,
    signIn,

    async attempt(service, { method, route, body }, token) {
      const path = route.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? randomUUID())
      const make = bodies[body?.schema ?? '']
      if (body && !make) throw new Error(`no body of the kind ${body.schema}: a new one must be tried, too`)
      return call(service, method, path, {
        token,
        ...(make && { body: await make() }),
        headers: { 'if-match': '*', 'idempotency-key': randomUUID() },
      })
    },

    async expectNothingChanged(intrude) {
      const before = await sql(FINGERPRINT)
      await intrude()
      expect(await sql(FINGERPRINT)).toEqual(before)
    },
  }
}

/** A reservation, an order with its ticket and a webhook, each of its owner. */
async function makeResources({
  call,
  sql,
  owners,
}: Pick<BoxOffice, 'call' | 'owners'> & {
  sql<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>
}): Promise<Record<string, string>> {
  const [free, alsoFree] = await sql<{ id: string; concert: string }>(
    "SELECT id, concert_id AS concert FROM catalog.seats WHERE status = 'available' ORDER BY concert_id, id LIMIT 2",
  )
  const post = async (path: string, body: unknown) => {
    const headers = { 'idempotency-key': randomUUID() }
    const answer = await call('gateway', 'POST', path, { token: owners.visitor, headers, body })
    const text = await answer.text()
    if (answer.status !== 201) throw new Error(`POST ${path} for its owner: ${answer.status} ${text}`)
    return z.object({ id: z.string() }).parse(JSON.parse(text)).id
  }
  const reserve = (seatId: string | undefined) =>
    post('/v1/reservations', { concertId: free?.concert, seatIds: [seatId] })
  const reservationId = await reserve(free?.id)
  const paidFor = await reserve(alsoFree?.id)
  const orderId = await post('/v1/orders', { reservationId: paidFor, paymentToken: 'tok_visa' })
  const ticket = () => call('gateway', 'GET', `/v1/orders/${orderId}/ticket`, { token: owners.visitor })
  await vi.waitFor(async () => expect((await ticket()).status).toBe(200), { timeout: 20_000, interval: 200 })
  const webhookId = randomUUID()
  await sql('INSERT INTO ticketing.webhooks (id, owner_id, url, secret) VALUES ($1, $2, $3, $4)', [
    webhookId,
    decodeJwt(owners.organiser).sub,
    'https://127.0.0.1/',
    'whsec_dGVzdA==',
  ])
  const [charge] = await sql<{ id: string }>('SELECT id FROM payments.charges WHERE order_id = $1', [orderId])
  const [venue] = await sql<{ id: string }>('SELECT id FROM catalog.venues LIMIT 1')
  return {
    concertId: free?.concert ?? '',
    seatId: free?.id ?? '',
    venueId: venue?.id ?? '',
    reservationId,
    orderId,
    webhookId,
    chargeId: charge?.id ?? '',
  }
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const

const operationSchema = z.looseObject({
  security: z.array(z.record(z.string(), z.array(z.string()))),
  requestBody: z
    .looseObject({
      content: z.record(z.string(), z.looseObject({ schema: z.looseObject({ $ref: z.string() }) })),
    })
    .optional(),
})
const documentSchema = z.looseObject({
  paths: z.record(z.string(), z.partialRecord(z.enum(METHODS), operationSchema)),
})

/** An operation as its service's OpenAPI document describes it. */
export interface Operation {
  /** `GET /v1/orders/{orderId}` */
  readonly name: string
  readonly method: string
  readonly route: string
  /** Scopes that a token needs; undefined where everybody is let in. */
  readonly scopes: readonly string[] | undefined
  /** Media type and name of the schema of the body. */
  readonly body: { readonly type: string; readonly schema: string } | undefined
}

/** @throws ZodError for an operation that does not say who may use it */
export function operationsOf(openApi: unknown): Operation[] {
  return Object.entries(documentSchema.parse(openApi).paths).flatMap(([route, methods]) =>
    Object.entries(methods).map(([method, { security, requestBody }]): Operation => {
      const [type, content] = Object.entries(requestBody?.content ?? {})[0] ?? []
      const [requirement] = security
      return {
        name: `${method.toUpperCase()} ${route}`,
        method: method.toUpperCase(),
        route,
        scopes: requirement && Object.values(requirement).flat(),
        body:
          type === undefined || content === undefined
            ? undefined
            : { type, schema: content.schema.$ref.split('/').at(-1) ?? '' },
      }
    }),
  )
}

/** Methods that a documented route does not have. */
export function undocumented(operations: readonly Operation[]): { method: string; route: string }[] {
  const byRoute = Map.groupBy(operations, ({ route }) => route)
  return [...byRoute].flatMap(([route, known]) =>
    METHODS.map((method) => method.toUpperCase())
      .filter((method) => !known.some((operation) => operation.method === method))
      .map((method) => ({ method, route })),
  )
}
