import { problemSchema } from '@faultline/contracts'
import { fetchJson } from '@faultline/test-support/http'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { AppDependencies } from '../src/app.ts'
import {
  EMPTY_PAGE,
  type FakeCatalog,
  startFakeCatalog,
  startGateway,
  type TestGateway,
} from './support/gateway.ts'

let services: FakeCatalog

beforeAll(async () => {
  services = await startFakeCatalog((_req, res) => res.end(EMPTY_PAGE))
})
afterAll(() => services?.[Symbol.asyncDispose]())

/** So slow that nothing is refilled while a test runs. */
const REFILL = 0.001
const sized = (burst: number, perSecond = REFILL) => ({ burst, perSecond })

type Sizes = NonNullable<NonNullable<AppDependencies['rateLimits']>['sizes']>

const start = (sizes: Sizes, app: Partial<AppDependencies> = {}) =>
  startGateway([services.url], { app: { rateLimits: { sizes }, ...app } })

const browse = (gateway: TestGateway, headers: Record<string, string> = {}) =>
  fetchJson(`${gateway.url}/v1/venues`, { headers })

const orders = async (gateway: TestGateway, token: string) =>
  fetchJson(`${gateway.url}/v1/orders`, { headers: { authorization: `Bearer ${token}` } })

const signIn = (gateway: TestGateway, username: string, password: string) =>
  fetchJson(`${gateway.url}/v1/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username, password }),
  })

/** Statuses of requests one after the other. */
async function statuses(count: number, request: () => Promise<{ status: number }>): Promise<number[]> {
  const all: number[] = []
  for (let i = 0; i < count; i++) all.push((await request()).status)
  return all
}

describe('who sends too much from one address', () => {
  it('is refused by a problem that says when to come back, counted, and written down once', async () => {
    await using gateway = await start({ address: sized(2, 0.1) })
    expect(await statuses(3, () => browse(gateway))).toEqual([200, 200, 429])
    const { status, headers, body } = await browse(gateway)
    expect(status).toBe(429)
    expect(headers.get('content-type')).toBe('application/problem+json')
    expect(problemSchema.parse(body)).toMatchObject({
      type: 'urn:faultline:problem:rate-limited',
      status: 429,
      instance: '/v1/venues',
    })
    // A token in ten seconds, less what has passed of them.
    expect(Number(headers.get('retry-after'))).toBeGreaterThanOrEqual(5)
    expect(Number(headers.get('retry-after'))).toBeLessThanOrEqual(10)
    expect(headers.get('ratelimit-policy')).toBe('"address";q=2;w=20')
    expect(headers.get('ratelimit')).toMatch(/^"address";r=0;t=\d+$/)
    expect(await gateway.telemetry.value('rate_limited_requests_total', { scope: 'address' })).toBe(2)
    const written = gateway.telemetry.lines.filter((line) => line['event.name'] === 'security.rate_limited')
    expect(written).toEqual([expect.objectContaining({ scope: 'address' })])
  })

  it('is let in again when a token has been refilled', async () => {
    await using gateway = await start({ address: sized(1, 0.5) })
    expect(await statuses(2, () => browse(gateway))).toEqual([200, 429])
    await expect.poll(async () => (await browse(gateway)).status, { timeout: 10_000 }).toBe(200)
  })

  it('is refused before anything is asked of a service, whatever is requested', async () => {
    await using gateway = await start({ address: sized(1) })
    expect((await browse(gateway)).status).toBe(200)
    const before = services.requests.length
    const token = await gateway.tokenFor('user-1', 'orders:read')
    for (const answer of [
      await browse(gateway),
      await orders(gateway, token),
      await signIn(gateway, 'visitor-1', 'right-password'),
      await fetchJson(`${gateway.url}/no-such-route`),
    ]) {
      expect(answer.status).toBe(429)
    }
    expect(services.requests).toHaveLength(before)
  })

  it('is not limited while the flag is off', async () => {
    await using gateway = await start(
      {},
      { rateLimits: { sizes: { address: sized(1) }, enabled: () => false } },
    )
    expect(await statuses(3, () => browse(gateway))).toEqual([200, 200, 200])
  })
})

describe('the header in which a proxy names its client', () => {
  const forwardedFor = (gateway: TestGateway, address: string) => () =>
    browse(gateway, { 'x-forwarded-for': address })

  it('changes nothing when the peer is not a trusted proxy', async () => {
    // The peer is 127.0.0.1.
    for (const trustedProxies of [[], ['10.0.0.0/8']]) {
      await using gateway = await start({ address: sized(2) }, { trustedProxies })
      const sent = ['203.0.113.1', '203.0.113.2', '10.0.0.1', 'x', ''].map((address) =>
        forwardedFor(gateway, address)(),
      )
      const answered = (await Promise.all(sent)).map(({ status }) => status)
      expect(answered.sort()).toEqual([200, 200, 429, 429, 429])
    }
  })

  it('gives each client of a trusted proxy a bucket, which it cannot leave by what it claims', async () => {
    await using gateway = await start({ address: sized(2) }, { trustedProxies: ['127.0.0.0/8'] })
    expect(await statuses(3, forwardedFor(gateway, '203.0.113.1'))).toEqual([200, 200, 429])
    expect(await statuses(1, forwardedFor(gateway, '203.0.113.2'))).toEqual([200])
    // A proxy appends the address that it sees to what the client has written.
    expect(await statuses(1, forwardedFor(gateway, '198.51.100.1, 203.0.113.1'))).toEqual([429])
    expect(await statuses(1, forwardedFor(gateway, '127.0.0.1, 203.0.113.1'))).toEqual([429])
  })
})

describe('a user who sends too much', () => {
  it('is refused, with whichever token, while others at the same address are not', async () => {
    await using gateway = await start({ user: sized(2) })
    const token = () => gateway.tokenFor('user-1', 'orders:read')
    expect(await statuses(3, async () => orders(gateway, await token()))).toEqual([200, 200, 429])
    const { headers, body } = await orders(gateway, await token())
    expect(problemSchema.parse(body).type).toBe('urn:faultline:problem:rate-limited')
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0)
    expect(headers.get('cache-control')).toBe('no-store')
    expect((await orders(gateway, await gateway.tokenFor('user-2', 'orders:read'))).status).toBe(200)
    expect((await browse(gateway)).status).toBe(200)
    expect(await gateway.telemetry.value('rate_limited_requests_total', { scope: 'user' })).toBe(2)
    expect(await gateway.telemetry.value('rate_limited_requests_total', { scope: 'address' })).toBe(0)
  })

  it('cannot use up what another one has by tokens in their name that are not good', async () => {
    await using gateway = await start({ user: sized(1) })
    const [header, claims] = (await gateway.tokenFor('user-1', 'orders:read')).split('.')
    expect(await statuses(3, () => orders(gateway, `${header}.${claims}.${'A'.repeat(86)}`))).toEqual([
      401, 401, 401,
    ])
    expect((await orders(gateway, await gateway.tokenFor('user-1', 'orders:read'))).status).toBe(200)
  })
})

describe('who guesses passwords', () => {
  it('is refused for one name, even with the right one, while others sign in', async () => {
    await using gateway = await start({ sign_in_username: sized(2) })
    const guess = () => signIn(gateway, 'visitor-1', 'wrong-password')
    expect(await statuses(3, guess)).toEqual([401, 401, 429])
    expect((await signIn(gateway, 'visitor-1', 'right-password')).status).toBe(429)
    expect((await signIn(gateway, 'visitor-2', 'right-password')).status).toBe(201)
    expect(await gateway.telemetry.value('rate_limited_requests_total', { scope: 'sign_in_username' })).toBe(
      2,
    )
  })

  it('is refused from one address, with whatever names', async () => {
    await using gateway = await start({ sign_in_address: sized(3) })
    let name = 0
    const guess = () => signIn(gateway, `visitor-${++name}`, 'wrong-password')
    expect(await statuses(4, guess)).toEqual([401, 401, 401, 429])
    expect(await gateway.telemetry.value('rate_limited_requests_total', { scope: 'sign_in_address' })).toBe(1)
  })

  it('gets no further by guessing many at once', async () => {
    await using gateway = await start({ sign_in_username: sized(2) })
    const guesses = Array.from({ length: 10 }, () => signIn(gateway, 'visitor-1', 'wrong-password'))
    const answered = (await Promise.all(guesses)).map(({ status }) => status).sort()
    expect(answered).toEqual([401, 401, ...Array(8).fill(429)])
  })

  it('is not who knows the password: signing in costs nothing', async () => {
    await using gateway = await start({ sign_in_username: sized(1), sign_in_address: sized(1) })
    expect(await statuses(4, () => signIn(gateway, 'visitor-1', 'right-password'))).toEqual([
      201, 201, 201, 201,
    ])
  })
})
