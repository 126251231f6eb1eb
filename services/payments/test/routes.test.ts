import { randomUUID } from 'node:crypto'
import { CHARGE_TOKEN_AUDIENCE, CHARGE_TOKEN_ISSUER, CHARGE_TOKEN_SCOPE } from '@faultline/contracts'
import type { RunnableService } from '@faultline/service-kit'
import { apiFaults } from '@faultline/test-support/api-faults'
import { type ServedApp, serve, testTelemetry } from '@faultline/test-support/telemetry'
import { badTokens, signToken, startIssuer, type TestIssuer } from '@faultline/test-support/tokens'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { payments as definition } from '../src/main.ts'

/** Nobody is there: who may not do a thing must be told so before anything is looked up. */
const NOWHERE = '127.0.0.1:1'

let booking: TestIssuer
let payments: RunnableService
let server: ServedApp

beforeAll(async () => {
  booking = await startIssuer()
  payments = definition.build({
    config: {
      NATS_URL: `nats://${NOWHERE}`,
      PROVIDER_URL: [`http://${NOWHERE}`],
      PROVIDER_API_KEY: 'provider-test-key',
      BOOKING_JWKS_URL: booking.jwksUrl,
    },
    database: { url: `postgres://payments_service:secret@${NOWHERE}/box_office`, maxConnections: 1 },
    telemetry: testTelemetry(),
  })
  server = await serve(payments.app)
})
afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await payments?.close()
  await booking?.[Symbol.asyncDispose]()
})

/** What booking's token says. */
function claims() {
  const nowSeconds = Math.floor(Date.now() / 1_000)
  return {
    iss: CHARGE_TOKEN_ISSUER,
    aud: CHARGE_TOKEN_AUDIENCE,
    sub: 'booking',
    scope: CHARGE_TOKEN_SCOPE,
    iat: nowSeconds,
    exp: nowSeconds + 60,
  }
}

const operations: [string, (token: string | undefined) => Promise<Response>][] = [
  ['POST /charges', (token) => send('POST', '/charges', token)],
  ['GET /charges/{chargeId}', (token) => send('GET', `/charges/${randomUUID()}`, token)],
]

function send(method: string, path: string, token: string | undefined): Promise<Response> {
  const orderId = randomUUID()
  const body = { orderId, total: { amount: 1, currency: 'EUR' }, paymentToken: 'tok_visa' }
  return fetch(`${server.url}${path}`, {
    method,
    headers: {
      'content-type': 'application/json',
      'idempotency-key': orderId,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    ...(method === 'POST' && { body: JSON.stringify(body) }),
  })
}

it('the routes of payments are those of its document, and none is open', async () => {
  expect(await apiFaults(payments.app)).toEqual([])
})

describe.each(operations)('%s', (_, attempt) => {
  it('takes a token of booking', async () => {
    // As far as the database, which is away.
    expect((await attempt(await signToken(booking.key, claims()))).status).toBe(503)
  })

  it('takes none that is bad in any way', async () => {
    for (const [what, token] of Object.entries(await badTokens(booking.key, claims()))) {
      const { status, headers } = await attempt(token)
      expect(status, what).toBe(401)
      expect(headers.get('www-authenticate'), what).toMatch(/^Bearer/)
    }
  })

  it('takes none that allows something else', async () => {
    const token = await signToken(booking.key, { ...claims(), scope: 'orders:write concerts:write' })
    expect((await attempt(token)).status).toBe(403)
  })
})
