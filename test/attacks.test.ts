import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { REPLICAS } from '@faultline/runtime'
import { Client } from 'pg'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type Attack, attacks, attacksOn, type Examples, FORGED, SPLIT_HEADER } from './attacks/requests.ts'
import { type Kit, startKit } from './support/kit.ts'

let kit: Kit
let gateway: string
let openApi: unknown
let token: string
let examples: Examples

beforeAll(async () => {
  kit = await startKit()
  gateway = kit.runtime.endpoints().gateway
  openApi = await json('/openapi.json')
  token = z.object({ accessToken: z.string() }).parse(
    await json('/v1/sessions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ username: 'organiser-1', password: 'faultline-demo' }),
    }),
  ).accessToken
  const { items } = z
    .object({ items: z.array(z.object({ id: z.string() })) })
    .parse(await json('/v1/concerts'))
  const concertId = items[0]?.id ?? ''
  const someId = '5f0c9a52-7d3e-4b0a-9c1d-0f7c2b6f3a11'
  examples = {
    parameters: {
      concertId,
      venueId: someId,
      reservationId: someId,
      orderId: someId,
      webhookId: someId,
      'idempotency-key': 'attack-attack-attack',
    },
    bodies: {
      AvailabilityQuery: { concertIds: [concertId] },
      Credentials: { username: 'visitor-1', password: 'not the password' },
      SessionRefresh: { refreshToken: 'x'.repeat(43) },
      ReservationRequest: { concertId, seatIds: [someId] },
      OrderRequest: { reservationId: someId, paymentToken: 'tok_visa' },
      WebhookRequest: { url: 'https://127.0.0.1/' },
    },
  }
})

afterAll(async () => {
  await kit?.[Symbol.asyncDispose]()
})

async function json(path: string, init?: RequestInit): Promise<unknown> {
  return (await fetch(`${gateway}${path}`, init)).json()
}

/** Everything that an attack could change: what is in the tables, and which tables there are. */
async function fingerprint(): Promise<unknown[]> {
  const client = new Client({ connectionString: kit.runtime.endpoints().postgres })
  await client.connect()
  try {
    const { rows } = await client.query(`
      SELECT (SELECT md5(string_agg(c::text, '' ORDER BY id)) FROM catalog.concerts c) AS concerts,
             (SELECT md5(string_agg(v::text, '' ORDER BY id)) FROM catalog.venues v) AS venues,
             (SELECT json_object_agg(status, seats) FROM (
                SELECT status, count(*) AS seats FROM catalog.seats GROUP BY status ORDER BY status) s) AS seats,
             (SELECT md5(string_agg(u::text, '' ORDER BY id)) FROM gateway.users u) AS users,
             (SELECT count(*) FROM gateway.sessions) AS sessions,
             (SELECT count(*) FROM booking.reservations) AS reservations,
             (SELECT count(*) FROM booking.orders) AS orders,
             (SELECT count(*) FROM ticketing.webhooks) AS webhooks,
             (SELECT string_agg(schemaname || '.' || tablename, ',' ORDER BY 1) FROM pg_tables
               WHERE schemaname NOT IN ('pg_catalog', 'information_schema')) AS tables`)
    return rows
  } finally {
    await client.end()
  }
}

async function send({
  method,
  path,
  headers,
  body,
}: Attack): Promise<{ status: number; text: string; headers: Headers; ms: number }> {
  const startMs = performance.now()
  const answer = await fetch(`${gateway}${path}`, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...headers,
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && { body }),
  })
  const text = await answer.text()
  return { status: answer.status, text, headers: answer.headers, ms: performance.now() - startMs }
}

/** Words that only the inside of the box office uses. */
const INSIDE =
  /syntax error|SQLSTATE|pg_|\bSELECT\b.*\bFROM\b|node_modules|\.ts:\d|at (?:async )?\w+ \(|postgres:\/\/|password_hash/

/** What was sent may come back as it was, in a detail or in the path of the request. */
function withoutEcho(answer: string, text: string): string {
  const spellings = [JSON.stringify(text).slice(1, -1), encodeURIComponent(text.toWellFormed())]
  return spellings.reduce((rest, spelling) => rest.replaceAll(spelling, ''), answer)
}

describe('hostile strings in every input of the public API', () => {
  it.each(Object.entries(attacks))(
    '%s: change nothing and leak nothing',
    async (_what, text) => {
      const before = await fingerprint()
      const requests = attacksOn(openApi, text, examples)
      expect(requests.length).toBeGreaterThan(30)
      for (const request of requests) {
        const answer = await send(request)
        expect(answer.status, request.where).toBeLessThan(500)
        expect(answer.headers.get(SPLIT_HEADER), request.where).toBeNull()
        expect(answer.headers.get('content-type') ?? '', request.where).not.toContain('html')
        expect(withoutEcho(answer.text, text), request.where).not.toMatch(INSIDE)
        expect(answer.ms, request.where).toBeLessThan(4_500)
      }
      expect(await fingerprint()).toEqual(before)
    },
    120_000,
  )

  it('leave logs that are one record a line, none of them forged', async () => {
    const folder = join(kit.stateDir, 'logs')
    // the edge has no log of requests
    const { edge: _, ...services } = REPLICAS
    for (const service of Object.values(services).flat()) {
      const lines = (await readFile(join(folder, `${service}.log`), 'utf8')).trimEnd().split('\n')
      for (const line of lines) {
        const record = z.looseObject({ msg: z.string() }).parse(JSON.parse(line))
        expect(record.msg, service).not.toBe(FORGED)
      }
    }
  })
})
