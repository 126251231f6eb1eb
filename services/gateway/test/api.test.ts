import {
  availabilityPageSchema,
  type ConcertPage,
  concertPageSchema,
  concertSchema,
  problemSchema,
  seatPageSchema,
  type VenuePage,
  venuePageSchema,
  venueSchema,
} from '@faultline/contracts'
import { fetchJson } from '@faultline/test-support/http'
import type { ServiceProcess } from '@faultline/test-support/service-process'
import { Validator } from '@seriousme/openapi-schema-validator'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Stack, startStack } from './support/stack.ts'

const unknownId = '00000000-0000-4000-8000-000000000000'

let stack: Stack
let gateway: ServiceProcess
let catalog: ServiceProcess
let concertId: string
let venueId: string

beforeAll(async () => {
  stack = await startStack()
  catalog = await stack.startCatalog()
  gateway = await stack.startGateway([catalog.url])
  const { body } = await fetchJson<ConcertPage>(`${gateway.url}/v1/concerts?limit=1`)
  concertId = body.items[0]?.id ?? ''
  venueId = body.items[0]?.venue.id ?? ''
})
afterAll(() => stack?.[Symbol.asyncDispose]())

const get = <Body>(path: string, headers: Record<string, string> = {}) =>
  fetchJson<Body>(`${gateway.url}${path}`, { headers })

const post = (body: string, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
  fetchJson(`${gateway.url}/v1/availability-queries`, { method: 'POST', body, headers })

describe('every answer keeps the public contract', () => {
  it.each([
    ['/v1/concerts', concertPageSchema],
    ['/v1/concerts?query=jazz&city=Berlin&minAvailable=10&limit=5', concertPageSchema],
    ['/v1/concerts/CONCERT', concertSchema],
    ['/v1/concerts/CONCERT/seats?limit=100', seatPageSchema],
    ['/v1/venues?limit=100', venuePageSchema],
    ['/v1/venues/VENUE', venueSchema],
  ])('%s', async (template, schema) => {
    const path = template.replace('CONCERT', concertId).replace('VENUE', venueId)
    const { status, headers, body } = await get(path)
    expect(status).toBe(200)
    expect(headers.get('content-type')).toMatch(/^application\/json/)
    expect(headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/)
    expect(schema.safeParse(body).error).toBeUndefined()
    const direct = await fetchJson(`${catalog.url}${path.replace('/v1', '')}`)
    expect(Object.keys(direct.body)).toEqual(Object.keys(body as object))
  })

  it('POST /v1/availability-queries', async () => {
    const { status, body } = await post(JSON.stringify({ concertIds: [concertId, unknownId] }))
    expect(status).toBe(200)
    expect(availabilityPageSchema.parse(body).items.map((item) => item.concertId)).toEqual([concertId])
  })

  it('GET /openapi.json, a valid document that has every public route', async () => {
    const { body } = await get<{ paths: object }>('/openapi.json')
    expect((await new Validator().validate(JSON.parse(JSON.stringify(body)))).valid).toBe(true)
    expect(Object.keys(body.paths)).toEqual([
      '/v1/concerts',
      '/v1/concerts/{concertId}',
      '/v1/concerts/{concertId}/seats',
      '/v1/venues',
      '/v1/venues/{venueId}',
      '/v1/availability-queries',
      '/v1/reservations',
      '/v1/reservations/{reservationId}',
      '/v1/orders',
      '/v1/orders/{orderId}',
      '/v1/orders/{orderId}/ticket',
      '/v1/orders/{orderId}/ticket.pdf',
      '/v1/webhooks',
      '/v1/webhooks/{webhookId}',
      '/v1/sessions',
      '/v1/sessions/refresh',
      '/v1/sessions/current',
      '/.well-known/jwks.json',
    ])
  })

  it('each page begins where the one before ended', async () => {
    const first = await get<VenuePage>('/v1/venues?limit=30')
    const second = await get<VenuePage>(`/v1/venues?limit=30&cursor=${first.body.nextCursor}`)
    const names = [...first.body.items, ...second.body.items].map(({ name }) => name)
    expect(names).toHaveLength(40)
    expect(names).toEqual(names.toSorted())
    expect(second.body.nextCursor).toBeNull()
  })
})

describe('conditional requests', () => {
  it('reach the catalog and spare the answer', async () => {
    const path = `/v1/concerts/${concertId}`
    const etag = (await get(path)).headers.get('etag') ?? ''
    const { status, headers, body } = await get(path, { 'if-none-match': etag })
    expect({ status, etag: headers.get('etag'), body }).toEqual({ status: 304, etag, body: undefined })
    expect((await get(path, { 'if-none-match': '"c0.v0"' })).status).toBe(200)
  })
})

describe('bad input', () => {
  it.each([
    ['an id that is none', '/v1/concerts/7', 400, 'validation-failed', '/concertId'],
    ['a limit over the highest', '/v1/concerts?limit=101', 400, 'validation-failed', '/limit'],
    ['an unknown parameter', '/v1/concerts?town=Berlin', 400, 'validation-failed', '/town'],
    ['a parameter twice', '/v1/concerts?city=Berlin&city=Paris', 400, 'validation-failed', '/city'],
    ['a made-up cursor', '/v1/concerts?cursor=abcdef', 400, 'invalid-cursor', '/cursor'],
    ['an unknown id', `/v1/concerts/${unknownId}`, 404, 'resource-not-found', undefined],
    ['an unknown route', '/v1/tickets', 404, 'route-not-found', undefined],
    ['a route of the catalog only', `/concerts/${unknownId}`, 404, 'route-not-found', undefined],
  ])('%s is answered as a problem', async (_, path, status, type, pointer) => {
    const answer = await get(path, { 'x-request-id': 'my-request' })
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    const problem = problemSchema.parse(answer.body)
    expect(problem).toMatchObject({
      type: `urn:faultline:problem:${type}`,
      status,
      instance: path.split('?')[0],
      requestId: 'my-request',
    })
    expect(problem.errors?.[0]?.pointer).toBe(pointer)
  })

  it.each([
    ['PATCH', '/v1/concerts/ID'],
    ['DELETE', '/v1/venues'],
    ['GET', '/v1/availability-queries'],
  ])('%s %s is answered with what is allowed', async (method, path) => {
    const { status, headers, body } = await fetchJson(`${gateway.url}${path.replace('ID', unknownId)}`, {
      method,
    })
    expect(status).toBe(405)
    expect(headers.get('allow')).toMatch(/GET|POST/)
    expect(problemSchema.parse(body).type).toBe('urn:faultline:problem:method-not-allowed')
  })

  it.each([
    ['malformed JSON', '{"concertIds":[', 400, /not JSON: it ends too early, at position 15/],
    ['JSON of another shape', '{"concertIds":["x"]}', 400, /body \/concertIds\/0/],
    ['a body over the limit', ' '.repeat(65 * 1024), 413, /longer than 65536 bytes/],
  ])('%s is answered with the cause', async (_, body, status, detail) => {
    const answer = await post(body)
    expect(answer.status).toBe(status)
    expect(problemSchema.parse(answer.body).detail).toMatch(detail)
  })

  it('a body that is not JSON by its type is refused', async () => {
    expect((await post('<xml/>', { 'content-type': 'application/xml' })).status).toBe(415)
  })

  it('is counted, and logged as a security event', async () => {
    await get('/v1/concerts?limit=x')
    const metrics = await (await fetch(`${gateway.adminUrl}/metrics`)).text()
    expect(metrics).toMatch(/input_rejections_total\{reason="validation-failed"\} [1-9]/)
    await expect
      .poll(() => gateway.logLines())
      .toContainEqual(
        expect.objectContaining({ 'event.name': 'security.input_validation_fail', errors: ['query /limit'] }),
      )
  })

  it('never makes the gateway fail, whatever it is', async () => {
    const parameter = fc.tuple(
      fc.constantFrom('query', 'city', 'minAvailable', 'limit', 'cursor', 'other'),
      fc.oneof(fc.string({ unit: 'binary' }), fc.string(), fc.integer().map(String)),
    )
    const path = fc.oneof(
      fc.constantFrom('/v1/concerts', '/v1/venues', `/v1/concerts/${unknownId}/seats`),
      fc.webPath(),
    )
    await fc.assert(
      fc.asyncProperty(path, fc.array(parameter, { maxLength: 3 }), async (route, parameters) => {
        const query = new URLSearchParams(
          parameters.map(([name, value]): [string, string] => [name, value.toWellFormed()]),
        )
        const { status } = await get(`${route}?${query}`)
        expect(status).toBeLessThan(500)
      }),
      { numRuns: 150 },
    )
  })
})
