import { randomUUID } from 'node:crypto'
import { decodeJwt } from 'jose'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { z } from 'zod'
import { type Operation, operationsOf, undocumented } from './authorization/operations.ts'
import {
  type BadTokens,
  badServiceTokens,
  type GatewaySigner,
  gatewaySigner,
} from './authorization/tokens.ts'
import { type Kit, startKit } from './support/kit.ts'

/** What everybody may do; everything else needs a token, and this list and the documents have to agree. */
const PUBLIC: Readonly<Record<string, readonly string[]>> = {
  gateway: [
    'GET /.well-known/jwks.json',
    'GET /v1/concerts',
    'GET /v1/concerts/{concertId}',
    'GET /v1/concerts/{concertId}/seats',
    'GET /v1/venues',
    'GET /v1/venues/{venueId}',
    'POST /v1/availability-queries',
    'POST /v1/sessions',
    'POST /v1/sessions/refresh',
  ],
  catalog: [
    'GET /concerts',
    'GET /concerts/{concertId}',
    'GET /concerts/{concertId}/seats',
    'GET /venues',
    'GET /venues/{venueId}',
    'POST /availability-queries',
  ],
  booking: ['GET /.well-known/jwks.json'],
  payments: [],
  'payment-provider': [],
  ticketing: [],
}
const SERVICES = Object.keys(PUBLIC)
/** Services that take the tokens of users. */
const FOR_USERS = ['gateway', 'catalog', 'booking', 'ticketing']
/** How long a revocation may take to be known everywhere. */
const REVOKED_WITHIN_MS = 5_000

let kit: Kit
let urls: Readonly<Record<string, string>>
let operations: Readonly<Record<string, readonly Operation[]>>
let signer: GatewaySigner
/** Access tokens of those who have an order, a reservation, a webhook. */
let owners: { readonly visitor: string; readonly organiser: string }
let ids: Readonly<Record<string, string>>

beforeAll(async () => {
  kit = await startKit()
  const endpoints = kit.runtime.endpoints()
  urls = {
    gateway: endpoints.gateway,
    catalog: endpoints.catalog[0] ?? '',
    booking: endpoints.booking,
    payments: endpoints.payments,
    'payment-provider': endpoints.paymentProvider,
    ticketing: endpoints.ticketing,
  }
  const documents = await Promise.all(
    SERVICES.map(
      async (name) => [name, operationsOf(await (await call(name, 'GET', '/openapi.json')).json())] as const,
    ),
  )
  operations = Object.fromEntries(documents)
  signer = await gatewaySigner(endpoints.postgres)
  owners = { visitor: await signIn('visitor-1'), organiser: await signIn('organiser-1') }
  ids = await makeResources()
})

afterAll(async () => {
  await kit?.[Symbol.asyncDispose]()
})

function call(
  service: string,
  method: string,
  path: string,
  {
    token,
    body,
    headers,
  }: { token?: string | undefined; body?: unknown; headers?: Record<string, string> } = {},
): Promise<Response> {
  return fetch(`${urls[service]}${path}`, {
    method,
    headers: {
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
}

async function signIn(username: string): Promise<string> {
  const answer = await call('gateway', 'POST', '/v1/sessions', {
    body: { username, password: 'faultline-demo' },
  })
  return z.object({ accessToken: z.string() }).parse(await answer.json()).accessToken
}

async function sql<Row extends object>(text: string, values: unknown[] = []): Promise<Row[]> {
  const client = new Client({ connectionString: kit.runtime.endpoints().postgres })
  await client.connect()
  return (await client.query<Row>(text, values).finally(() => client.end())).rows
}

/** A reservation, an order with its ticket and a webhook, each of its owner. */
async function makeResources(): Promise<Record<string, string>> {
  const [free, alsoFree] = await sql<{ id: string; concert: string }>(
    "SELECT id, concert_id AS concert FROM catalog.seats WHERE status = 'available' ORDER BY concert_id, id LIMIT 2",
  )
  const idOf = async (answer: Response) => z.object({ id: z.string() }).parse(await answer.json()).id
  const reserve = async (seatId: string | undefined) =>
    idOf(
      await call('gateway', 'POST', '/v1/reservations', {
        token: owners.visitor,
        headers: { 'idempotency-key': randomUUID() },
        body: { concertId: free?.concert, seatIds: [seatId] },
      }),
    )
  const reservationId = await reserve(free?.id)
  const orderId = await idOf(
    await call('gateway', 'POST', '/v1/orders', {
      token: owners.visitor,
      headers: { 'idempotency-key': randomUUID() },
      body: { reservationId: await reserve(alsoFree?.id), paymentToken: 'tok_visa' },
    }),
  )
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

/** Bodies that would do something, by the name of their schema. */
function bodyOf(schema: string): unknown {
  const bodies: Readonly<Record<string, unknown>> = {
    ReservationRequest: { concertId: ids.concertId, seatIds: [ids.seatId] },
    OrderRequest: { reservationId: ids.reservationId, paymentToken: 'tok_visa' },
    WebhookRequest: { url: 'https://127.0.0.1/' },
    ConcertPatch: { title: 'Changed' },
    ChargeRequest: {
      orderId: ids.orderId,
      total: { amount: 1, currency: 'EUR' },
      paymentToken: 'tok_visa',
    },
    ProviderChargeRequest: {
      reference: randomUUID(),
      total: { amount: 1, currency: 'EUR' },
      paymentToken: 'tok_visa',
    },
    AvailabilityQuery: { concertIds: [ids.concertId] },
  }
  if (!(schema in bodies)) throw new Error(`no body of the kind ${schema}: a new one must be tried, too`)
  return bodies[schema]
}

function attempt(service: string, operation: Operation, token: string | undefined): Promise<Response> {
  const path = operation.route.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? randomUUID())
  return call(service, operation.method, path, {
    token,
    ...(operation.body && { body: bodyOf(operation.body.schema) }),
    headers: { 'if-match': '*', 'idempotency-key': randomUUID() },
  })
}

const protectedOf = (service: string) =>
  (operations[service] ?? []).filter(({ scopes }) => scopes !== undefined)

/** The token whose owner has what the operation is about. */
const ownerOf = ({ route }: Operation) => (route.includes('webhooks') ? owners.organiser : owners.visitor)

/** What an intruder could have changed. */
async function fingerprint(): Promise<unknown> {
  return sql(`
    SELECT (SELECT json_agg(r ORDER BY id) FROM (SELECT id, status FROM booking.reservations) r) AS reservations,
           (SELECT json_agg(o ORDER BY id) FROM (SELECT id, status FROM booking.orders) o) AS orders,
           (SELECT json_agg(w ORDER BY id) FROM (SELECT id, url FROM ticketing.webhooks) w) AS webhooks,
           (SELECT json_agg(c ORDER BY id) FROM (SELECT id, status FROM payments.charges) c) AS charges,
           (SELECT md5(string_agg(c::text, '' ORDER BY id)) FROM catalog.concerts c) AS concerts,
           (SELECT count(*) FROM gateway.sessions WHERE revoked_at IS NOT NULL) AS revoked`)
}

async function expectNothingChanged(intrude: () => Promise<void>): Promise<void> {
  const before = await fingerprint()
  await intrude()
  expect(await fingerprint()).toEqual(before)
}

describe('the documents', () => {
  it.each(SERVICES)(
    'of %s say of each operation who may use it, and only those on the list are public',
    (service) => {
      const open = (operations[service] ?? []).filter(({ scopes }) => scopes === undefined)
      expect(open.map(({ name }) => name).sort()).toEqual([...(PUBLIC[service] ?? [])].sort())
    },
  )

  it.each(SERVICES)('of %s leave no method of a route out', async (service) => {
    for (const { method, route } of undocumented(operations[service] ?? [])) {
      const path = route.replace(/\{(\w+)\}/g, (_, name: string) => ids[name] ?? randomUUID())
      const { status } = await call(service, method, path, { token: owners.visitor })
      expect([401, 404, 405], `${method} ${route}`).toContain(status)
    }
  })
})

describe('a bad token', () => {
  it.each(FOR_USERS)('opens nothing at %s', async (service) => {
    await expectNothingChanged(async () => {
      for (const operation of protectedOf(service)) {
        const bad: BadTokens = await signer.badTokens(ownerOf(operation))
        for (const [what, token] of Object.entries(bad)) {
          const { status, headers } = await attempt(service, operation, token)
          expect(status, `${operation.name}, ${what}`).toBe(401)
          expect(headers.get('www-authenticate'), operation.name).toMatch(/^Bearer/)
        }
      }
    })
  })

  it('of a session that has ended opens nothing anywhere within seconds', async () => {
    const token = await signIn('visitor-1')
    expect((await call('gateway', 'DELETE', '/v1/sessions/current', { token })).status).toBe(204)
    const everyScope = await signer.sign(token)
    await expectNothingChanged(async () => {
      for (const service of FOR_USERS) {
        for (const operation of protectedOf(service)) {
          await expect
            .poll(async () => (await attempt(service, operation, everyScope)).status, {
              timeout: REVOKED_WITHIN_MS,
              message: operation.name,
            })
            .toBe(401)
        }
      }
    })
  })

  it('opens nothing at payments, nor a wrong key anything at the payment provider', async () => {
    const bad = await badServiceTokens(await signer.sign(owners.visitor))
    await expectNothingChanged(async () => {
      for (const operation of protectedOf('payments')) {
        for (const [what, token] of Object.entries(bad)) {
          expect((await attempt('payments', operation, token)).status, `${operation.name}, ${what}`).toBe(401)
        }
      }
      for (const operation of protectedOf('payment-provider')) {
        for (const token of [undefined, 'wrong-key', owners.visitor]) {
          expect((await attempt('payment-provider', operation, token)).status, operation.name).toBe(401)
        }
      }
    })
  })
})

describe('a good token', () => {
  it.each(FOR_USERS)('with too small a scope opens nothing at %s', async (service) => {
    await expectNothingChanged(async () => {
      for (const operation of protectedOf(service)) {
        const [needed] = operation.scopes ?? []
        if (needed === undefined) continue
        const others = 'orders:read orders:write webhooks:manage concerts:write'
          .split(' ')
          .filter((scope) => scope !== needed)
        const token = await signer.sign(ownerOf(operation), { scope: others.join(' ') })
        expect((await attempt(service, operation, token)).status, operation.name).toBe(403)
      }
    })
  })

  it.each(['gateway', 'booking', 'ticketing'])('of somebody else finds nothing at %s', async (service) => {
    const stranger = await signer.sign(await signIn('visitor-2'))
    await expectNothingChanged(async () => {
      for (const operation of protectedOf(service)) {
        const about = /\{(reservationId|orderId|webhookId)\}/.test(operation.route)
        if (about || operation.body?.schema === 'OrderRequest') {
          expect((await attempt(service, operation, stranger)).status, operation.name).toBe(404)
        } else if (operation.method === 'GET') {
          const text = await (await attempt(service, operation, stranger)).text()
          for (const id of [ids.orderId, ids.reservationId, ids.webhookId]) expect(text).not.toContain(id)
        }
      }
    })
  })

  it.each(FOR_USERS)('of the owner opens what it is for at %s', async (service) => {
    for (const operation of protectedOf(service).filter(({ method }) => method === 'GET')) {
      const token = await signer.sign(ownerOf(operation))
      expect((await attempt(service, operation, token)).status, operation.name).toBe(200)
    }
  })
})
