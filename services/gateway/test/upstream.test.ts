import { problemSchema } from '@faultline/contracts'
import { DEADLINE_HEADER } from '@faultline/service-kit'
import { fetchJson } from '@faultline/test-support/http'
import { describe, expect, it } from 'vitest'
import { EMPTY_PAGE, startFakeCatalog, startGateway } from './support/gateway.ts'

describe('an upstream failure', () => {
  it.each([
    ['an answer of another shape', 200, '{"items":[{}],"nextCursor":null}', 502, 'invalid_answer'],
    ['an answer that is no JSON', 200, 'Segmentation fault in /srv/catalog.ts', 502, 'invalid_answer'],
    ['an internal error', 500, 'stack at catalog.ts:7', 502, 'error_answer'],
    ['an answer that it is overloaded', 503, '{}', 503, 'unavailable'],
    ['an answer that its database is slow', 504, '{}', 504, 'timeout'],
  ])('%s is answered with its class and nothing of the inside', async (_, upstream, text, status, cause) => {
    await using catalog = await startFakeCatalog((_req, res) => res.writeHead(upstream).end(text))
    await using gateway = await startGateway([catalog.url])
    const answer = await fetchJson(`${gateway.url}/v1/concerts`)
    expect(answer.status).toBe(status)
    expect(problemSchema.parse(answer.body)).toMatchObject({ dependency: 'catalog', cause })
    expect(JSON.stringify(answer.body)).not.toMatch(/\.ts|stack|fault in|127\.0\.0\.1/)
  })
})

describe('what the catalog hears from the gateway', () => {
  it('is how long the gateway is going to wait, less with every attempt', async () => {
    await using catalog = await startFakeCatalog(() => undefined)
    await using gateway = await startGateway([catalog.url], {
      app: { deadlineMs: 300 },
      client: { attemptTimeoutMs: 200, retryDelayMs: [1, 2] },
    })
    expect(
      (await fetchJson(`${gateway.url}/v1/concerts`, { headers: { [DEADLINE_HEADER]: '1' } })).status,
    ).toBe(504)
    const [first = 0, second = 0] = catalog.requests.map(({ headers }) => Number(headers[DEADLINE_HEADER]))
    expect(first).toBe(200)
    expect(second).toBeGreaterThan(0)
    expect(second).toBeLessThanOrEqual(100)
  })

  it('is the request id', async () => {
    await using catalog = await startFakeCatalog((_req, res) => res.end(EMPTY_PAGE))
    await using gateway = await startGateway([catalog.url])
    await fetchJson(`${gateway.url}/v1/venues`, { headers: { 'x-request-id': 'order-7' } })
    expect(catalog.requests[0]?.headers['x-request-id']).toBe('order-7')
  })

  it('is nothing at all when the input is wrong', async () => {
    await using catalog = await startFakeCatalog((_req, res) => res.end(EMPTY_PAGE))
    await using gateway = await startGateway([catalog.url])
    await fetchJson(`${gateway.url}/v1/venues?limit=0`)
    await fetchJson(`${gateway.url}/v1/venues/..%2F..%2Fadmin`)
    expect(catalog.requests).toEqual([])
  })
})

describe('overload', () => {
  it('is answered at once with 503 and when to try again', async () => {
    const gate = Promise.withResolvers<void>()
    await using catalog = await startFakeCatalog((_req, res) => {
      void gate.promise.then(() => res.end(EMPTY_PAGE))
    })
    const shedding = { isOn: () => true, maxConcurrent: 2 }
    await using gateway = await startGateway([catalog.url], { app: { shedding } })
    const taken = [1, 2].map(() => fetchJson(`${gateway.url}/v1/venues`))
    await expect.poll(() => catalog.requests.length).toBe(2)
    const shed = await fetchJson(`${gateway.url}/v1/venues`)
    expect(shed.status).toBe(503)
    expect(shed.headers.get('retry-after')).toBe('1')
    expect(problemSchema.parse(shed.body).type).toBe('urn:faultline:problem:overloaded')
    expect(await gateway.telemetry.value('load_shed_requests_total', { reason: 'concurrency' })).toBe(1)
    gate.resolve()
    expect((await Promise.all(taken)).map(({ status }) => status)).toEqual([200, 200])
  })
})
