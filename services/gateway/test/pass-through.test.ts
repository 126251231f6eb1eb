import { text } from 'node:stream/consumers'
import { IDEMPOTENCY_KEY_HEADER, idempotencyKeySchema, type PublicService } from '@faultline/contracts'
import { DEADLINE_HEADER } from '@faultline/service-kit'
import { apiFaults } from '@faultline/test-support/api-faults'
import { fetchJson } from '@faultline/test-support/http'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { startFakeCatalog, startGateway, type TestGateway } from './support/gateway.ts'

const placeSchema = z.object({ id: z.string(), position: z.int() })
const place = { id: 'Köln/7', position: 3 }
const problem = { description: 'A problem', content: { 'application/problem+json': {} } }

/** A service of which the gateway has no line of code: what a contract says is all that there is of it. */
const waitingList = {
  name: 'waiting-list',
  attemptTimeoutMs: 150,
  operations: {
    '/places': {
      post: {
        operationId: 'takePlace',
        security: [{ bearer: ['orders:write'] }],
        requestParams: { header: z.object({ [IDEMPOTENCY_KEY_HEADER]: idempotencyKeySchema }) },
        requestBody: {
          required: true,
          content: { 'application/json': { schema: z.strictObject({ seats: z.int().min(1) }) } },
        },
        'x-timeout-ms': 4_000,
        responses: {
          201: { description: 'Taken', content: { 'application/json': { schema: placeSchema } } },
          409: problem,
        },
      },
      get: {
        operationId: 'countPlaces',
        security: [],
        requestParams: { query: z.strictObject({ city: z.string().max(20).optional() }) },
        responses: {
          200: { description: 'How many', content: { 'text/csv': { schema: { type: 'string' } } } },
        },
      },
    },
    '/places/{placeId}': {
      delete: {
        operationId: 'leave',
        security: [{ bearer: ['orders:write', 'orders:read'] }],
        requestParams: { path: z.object({ placeId: z.string().max(10) }) },
        responses: { 202: { description: 'Gone soon' } },
      },
    },
  },
} satisfies PublicService

interface Heard {
  method: string | undefined
  url: string | undefined
  headers: Record<string, unknown>
  body: string
}

/** A gateway before a waiting list that answers in the given way. */
async function withWaitingList(
  answer: { status: number; headers?: Record<string, string>; body?: string },
  use: (gateway: TestGateway, heard: Heard[]) => Promise<void>,
): Promise<void> {
  const heard: Heard[] = []
  await using list = await startFakeCatalog((req, res) => {
    const { method, url, headers } = req
    void text(req).then((body) => {
      heard.push({ method, url, headers, body })
      res.writeHead(answer.status, answer.headers).end(answer.body)
    })
  })
  await using gateway = await startGateway([list.url], { services: [waitingList] })
  await use(gateway, heard)
}

async function takePlace(gateway: TestGateway, body: unknown, headers: Record<string, string> = {}) {
  return fetchJson(`${gateway.url}/v1/places`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${await gateway.tokenFor('user-1', 'orders:write')}`,
      'content-type': 'application/json',
      [IDEMPOTENCY_KEY_HEADER]: 'place-of-user-1',
      ...headers,
    },
    body: JSON.stringify(body),
  })
}

describe('a service that exists only in a contract', () => {
  it('is in the document, and none of its routes is open that should not be', async () => {
    await withWaitingList({ status: 500 }, async (gateway) => {
      expect(await apiFaults(gateway.app)).toEqual([])
      const { body } = await fetchJson<{ paths: object }>(`${gateway.url}/openapi.json`)
      expect(body.paths).toHaveProperty(['/v1/places/{placeId}', 'delete', 'responses', '429'])
      expect(body.paths).toHaveProperty(['/v1/places', 'post', 'responses', '502'])
    })
  })

  it('hears of the request what its contract names, and for whom it is', async () => {
    const headers = { location: '/places/7', 'cache-control': 'public, max-age=60' }
    const created = { status: 201, headers, body: JSON.stringify(place) }
    await withWaitingList(created, async (gateway, heard) => {
      const answer = await takePlace(gateway, { seats: 2 }, { 'x-request-id': 'r-7', cookie: 'a=b' })
      expect(answer).toMatchObject({ status: 201, body: place })
      expect(answer.headers.get('location')).toBe('/v1/places/7')
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect(heard).toMatchObject([
        {
          method: 'POST',
          url: '/places',
          headers: {
            authorization: expect.stringMatching(/^Bearer ey/),
            'content-type': 'application/json',
            [IDEMPOTENCY_KEY_HEADER]: 'place-of-user-1',
            'x-request-id': 'r-7',
            [DEADLINE_HEADER]: '150',
          },
          body: '{"seats":2}',
        },
      ])
      expect(heard[0]?.headers).not.toHaveProperty('cookie')
      const label = { peer_service: 'waiting-list', outcome: 'success' }
      expect(await gateway.telemetry.value('resilience_calls_total', label)).toBe(1)
    })
  })

  it('gets no token and no query that it does not ask for, and its bytes are passed on', async () => {
    const csv = { 'content-type': 'text/csv; charset=utf-8', 'cache-control': 'max-age=5', etag: '"1"' }
    await withWaitingList({ status: 200, headers: csv, body: 'Köln,3\n' }, async (gateway, heard) => {
      const authorization = `Bearer ${await gateway.tokenFor('user-1', 'orders:read')}`
      const answer = await fetch(`${gateway.url}/v1/places?city=K%C3%B6ln`, { headers: { authorization } })
      expect(await answer.text()).toBe('Köln,3\n')
      expect(Object.fromEntries(answer.headers)).toMatchObject(csv)
      expect(heard[0]).toMatchObject({ method: 'GET', url: '/places?city=K%C3%B6ln', body: '' })
      expect(heard[0]?.headers).not.toHaveProperty('authorization')
      expect(heard[0]?.headers).not.toHaveProperty('content-type')
    })
    await withWaitingList({ status: 202 }, async (gateway, heard) => {
      const authorization = `Bearer ${await gateway.tokenFor('user-1', 'orders:read', 'orders:write')}`
      const init = { method: 'DELETE', headers: { authorization } }
      const answer = await fetch(`${gateway.url}/v1/places/a%2Fb?force=1`, init)
      expect([answer.status, await answer.text()]).toEqual([202, ''])
      expect(heard).toMatchObject([{ url: '/places/a%2Fb' }])
    })
  })

  it.each([
    ['a body that is wrong', { seats: 0 }, {}, 400, '/seats'],
    ['a field too many', { seats: 1, vip: true }, {}, 400, '/vip'],
    ['a key that is none', { seats: 1 }, { [IDEMPOTENCY_KEY_HEADER]: 'short' }, 400, '/idempotency-key'],
    ['another media type', { seats: 1 }, { 'content-type': 'text/plain' }, 415, undefined],
    ['a token that is none', { seats: 1 }, { authorization: 'Bearer x' }, 401, undefined],
  ])('is not asked with %s', async (_, body, headers, status, pointer) => {
    await withWaitingList({ status: 500 }, async (gateway, heard) => {
      const answer = await takePlace(gateway, body, headers)
      expect(answer.status).toBe(status)
      expect(answer.body.errors?.[0]?.pointer).toBe(pointer)
      expect(heard).toEqual([])
    })
  })

  it.each([
    ['a parameter that it does not know', 'GET', '/v1/places?town=Berlin', 400],
    ['a path that is wrong', 'DELETE', '/v1/places/longer-than-ten', 400],
    ['half of the scopes', 'DELETE', '/v1/places/7', 403],
    ['a method that it does not have', 'PUT', '/v1/places', 405],
  ])('is not asked with %s', async (what, method, path, status) => {
    await withWaitingList({ status: 500 }, async (gateway, heard) => {
      const scopes = what === 'half of the scopes' ? ['orders:write'] : ['orders:write', 'orders:read']
      const headers = { authorization: `Bearer ${await gateway.tokenFor('user-1', ...scopes)}` }
      expect((await fetchJson(`${gateway.url}${path}`, { method, headers })).status).toBe(status)
      expect(heard).toEqual([])
    })
  })

  it('is asked for a key in the words of the contract', async () => {
    await withWaitingList({ status: 500 }, async (gateway) => {
      const headers = {
        authorization: `Bearer ${await gateway.tokenFor('user-1', 'orders:write')}`,
        'content-type': 'application/json',
      }
      const init = { method: 'POST', headers, body: '{"seats":1}' }
      const { status, body } = await fetchJson(`${gateway.url}/v1/places`, init)
      expect(status).toBe(400)
      expect(body.errors).toEqual([
        {
          location: 'header',
          pointer: '/idempotency-key',
          detail: 'must be 8 to 128 letters, digits, _ or -',
        },
      ])
    })
  })

  it('refuses in its own words, and says when to ask again', async () => {
    const refused = {
      type: 'urn:faultline:problem:list-full',
      title: 'The list is full',
      status: 409,
      detail: 'there is no place left',
      instance: '/places',
      requestId: 'inside',
    }
    const answer = { status: 409, headers: { 'retry-after': '9' }, body: JSON.stringify(refused) }
    await withWaitingList(answer, async (gateway) => {
      const { status, headers, body } = await takePlace(gateway, { seats: 1 }, { 'x-request-id': 'r-7' })
      expect([status, headers.get('retry-after')]).toEqual([409, '9'])
      expect(body).toEqual({ ...refused, instance: '/v1/places', requestId: 'r-7' })
    })
  })

  it('that does not answer is asked again where the contract lets it, within its time', async () => {
    await using silent = await startFakeCatalog(() => undefined)
    await using gateway = await startGateway([silent.url], {
      services: [waitingList],
      app: { deadlineMs: 100 },
      client: { retryDelayMs: [1, 2] },
    })
    // 150 ms an attempt, of which the key allows three, in the 4 s that the contract grants instead of 100 ms.
    const { status, body } = await takePlace(gateway, { seats: 1 })
    expect([status, body.dependency, body.cause]).toEqual([504, 'waiting-list', 'timeout'])
    expect(silent.requests).toHaveLength(3)
    const label = { peer_service: 'waiting-list' }
    expect(await gateway.telemetry.value('resilience_timeouts_total', label)).toBe(3)
  })
})

it('the routes of the gateway are those of its document, and none is open that should not be', async () => {
  // Nobody is behind it: who may not do a thing must be told so by the gateway itself.
  await using gateway = await startGateway(['http://127.0.0.1:1'])
  expect(await apiFaults(gateway.app)).toEqual([])
})
