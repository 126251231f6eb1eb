import { publicServices } from '@faultline/contracts'
import { describe, expect, it } from 'vitest'
import { SECURITY_HEADERS } from '../src/app.ts'
import { EMPTY_PAGE, startFakeCatalog, startGateway, type TestGateway } from './support/gateway.ts'

const ID = '00000000-0000-4000-8000-000000000000'
const JSON_BODY = { 'content-type': 'application/json' }

/** A request for every status that the gateway answers, whoever makes it: middleware, router, route or service. */
const REQUESTS: [status: number, what: string, path: string, init?: RequestInit][] = [
  [200, 'a document', '/openapi.json'],
  [200, 'an answer that is passed on', '/v1/venues'],
  [200, 'an answer to HEAD', '/v1/venues', { method: 'HEAD' }],
  [201, 'a new session', '/v1/sessions', signIn('right-password')],
  [304, 'an answer that the client has', `/v1/concerts/${ID}`, { headers: { 'if-none-match': '"c1.v1"' } }],
  [400, 'input that is wrong', '/v1/venues?limit=0'],
  [400, 'a path that cannot be decoded', '/v1/venues/%E0%A4%A'],
  [401, 'a missing token', '/v1/orders'],
  [401, 'a wrong password', '/v1/sessions', signIn('wrong-password')],
  [404, 'an unknown route', '/no-such-route'],
  [405, 'an unknown method', '/v1/venues', { method: 'DELETE' }],
  [413, 'a body that is too large', '/v1/availability-queries', post(' '.repeat(65 * 1024))],
  [415, 'a body of another type', '/v1/availability-queries', { ...post('<x/>'), headers: {} }],
  [405, 'a method that nobody knows', '/v1/venues', { method: 'PROPFIND' }],
  [502, 'an answer that cannot be used', '/v1/concerts'],
]

function post(body: string): RequestInit {
  return { method: 'POST', headers: JSON_BODY, body }
}

function signIn(password: string): RequestInit {
  return post(JSON.stringify({ username: 'visitor-1', password }))
}

/** Headers of an answer as far as they are meant to protect. */
function protectionOf(headers: Headers): Record<string, string | null> {
  return Object.fromEntries(Object.keys(SECURITY_HEADERS).map((name) => [name, headers.get(name)]))
}

/** A gateway before a catalog that has no concerts that could be used. */
async function withGateway(
  options: Parameters<typeof startGateway>[1],
  use: (gateway: TestGateway) => Promise<void>,
): Promise<void> {
  await using services = await startFakeCatalog((req, res) => {
    if (req.headers['if-none-match']) return res.writeHead(304, { etag: '"c1.v1"' }).end()
    return res.end(req.url?.startsWith('/venues') ? EMPTY_PAGE : 'no JSON')
  })
  await using gateway = await startGateway([services.url], options)
  await use(gateway)
}

describe('no answer goes without the security headers', () => {
  it.each(REQUESTS)('%i: %s', async (status, _, path, init) => {
    await withGateway({}, async ({ url }) => {
      const answer = await fetch(`${url}${path}`, init)
      expect(answer.status).toBe(status)
      expect(protectionOf(answer.headers)).toEqual(SECURITY_HEADERS)
      expect(answer.headers.has('access-control-allow-origin')).toBe(false)
      expect(answer.headers.has('x-powered-by')).toBe(false)
    })
  })

  it('403: a token that allows too little', async () => {
    await withGateway({}, async ({ url, tokenFor }) => {
      const authorization = `Bearer ${await tokenFor('user-1', 'webhooks:manage')}`
      const answer = await fetch(`${url}/v1/orders`, { headers: { authorization } })
      expect(answer.status).toBe(403)
      expect(protectionOf(answer.headers)).toEqual(SECURITY_HEADERS)
    })
  })

  it('429: too many requests', async () => {
    const rateLimits = { sizes: { address: { burst: 1, perSecond: 0.001 } } }
    await withGateway({ app: { rateLimits } }, async ({ url }) => {
      await fetch(`${url}/v1/venues`)
      const answer = await fetch(`${url}/v1/venues`)
      expect(answer.status).toBe(429)
      expect(protectionOf(answer.headers)).toEqual(SECURITY_HEADERS)
    })
  })

  it('500: a mistake of the gateway itself', async () => {
    const call = () => Promise.reject(new Error('a mistake'))
    const upstreams = publicServices.map((service) => ({ service, client: { call } }))
    await withGateway({ app: { upstreams } }, async ({ url, tokenFor }) => {
      const authorization = `Bearer ${await tokenFor('user-1', 'orders:read')}`
      const answer = await fetch(`${url}/v1/orders`, { headers: { authorization } })
      expect(answer.status).toBe(500)
      expect(protectionOf(answer.headers)).toEqual(SECURITY_HEADERS)
    })
  })

  it('503 and 504: overload, and a service that does not answer', async () => {
    await using silent = await startFakeCatalog(() => undefined)
    const app = { deadlineMs: 300, shedding: { isOn: () => true, maxConcurrent: 1 } }
    await using gateway = await startGateway([silent.url], { app })
    const late = fetch(`${gateway.url}/v1/venues`)
    await expect.poll(() => silent.requests.length).toBe(1)
    const shed = await fetch(`${gateway.url}/v1/venues`)
    expect([shed.status, (await late).status]).toEqual([503, 504])
    for (const { headers } of [shed, await late]) expect(protectionOf(headers)).toEqual(SECURITY_HEADERS)
  })
})

it('the security headers let no page load, frame or guess anything of an answer', () => {
  expect(SECURITY_HEADERS).toMatchObject({
    'content-security-policy': expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/),
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
  })
})
