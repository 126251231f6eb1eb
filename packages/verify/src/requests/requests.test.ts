import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { aRequest } from '../testing/factories.ts'
import { instantiate, type Operation, openApiDocument, planRequests } from './plan.ts'
import { judgeRequests } from './requests.ts'
import { markRequest, newMarker } from './sender.ts'

const limit = { name: 'limit', in: 'query', schema: { type: 'integer', minimum: 1, maximum: 100 } }
const body = (schema: unknown) => ({ content: { 'application/json': { schema } } })
const document = openApiDocument.parse({
  openapi: '3.1.1',
  paths: {
    '/v1/concerts': { get: { parameters: [limit] } },
    '/v1/concerts/{concertId}': { get: {}, patch: {} },
    '/v1/concerts/{concertId}/seats': { get: { parameters: [limit] } },
    '/v1/orders/{orderId}': { get: {} },
    '/v1/availability-queries': {
      post: { requestBody: body({ $ref: '#/components/schemas/AvailabilityQuery' }) },
    },
    '/v1/bookings': { post: { requestBody: body({ properties: { concertIds: {} } }) } },
  },
  components: {
    schemas: { AvailabilityQuery: { type: 'object', properties: { concertIds: { type: 'array' } } } },
  },
})

describe('planRequests', () => {
  const plan = planRequests(document)

  it('takes what changes nothing and whose ids can be had', () => {
    expect(plan.operations.map(({ method, route }) => `${method} ${route}`)).toEqual([
      'GET /v1/concerts',
      'GET /v1/concerts/{concertId}',
      'GET /v1/concerts/{concertId}/seats',
      'POST /v1/availability-queries',
    ])
    expect(plan.idSources).toEqual([{ name: 'concertId', route: '/v1/concerts' }])
    expect(plan.orderRoutes).toBeUndefined()
  })

  const op = (operationId: string, ...scopes: string[]) => ({ operationId, security: [{ bearer: scopes }] })
  const shopPaths = {
    '/v1/sessions': { post: { operationId: 'signIn', security: [] } },
    '/v1/concerts': { get: { operationId: 'searchConcerts' } },
    '/v1/concerts/{concertId}/seats': { get: { operationId: 'listSeats' } },
    '/v1/reservations': { post: op('createReservation', 'orders:write') },
    '/v1/reservations/{reservationId}': { get: op('getReservation', 'orders:read') },
    '/v1/orders': { post: op('createOrder', 'orders:write'), get: op('listOrders', 'orders:read') },
    '/v1/orders/{orderId}': { get: op('getOrder', 'orders:read') },
    '/v1/orders/{orderId}/ticket': { get: op('getTicket', 'orders:read') },
    '/v1/webhooks/{webhookId}': { get: op('getWebhook') },
  }

  it('takes routes of orders too where the API sells: their ids come from an order of its own', () => {
    const shop = planRequests(openApiDocument.parse({ paths: shopPaths }))
    expect(shop.orderRoutes).toMatchObject({ signIn: '/v1/sessions', pay: '/v1/orders' })
    expect(shop.missingOperations).toEqual([])
    expect(shop.idSources).toEqual([{ name: 'concertId', route: '/v1/concerts' }])
    expect(shop.operations.map(({ route, scopes }) => [route, scopes])).toEqual([
      ['/v1/concerts', undefined],
      ['/v1/concerts/{concertId}/seats', undefined],
      ['/v1/reservations/{reservationId}', ['orders:read']],
      ['/v1/orders', ['orders:read']],
      ['/v1/orders/{orderId}', ['orders:read']],
      ['/v1/orders/{orderId}/ticket', ['orders:read']],
    ])
  })

  it('names what an API that sells lacks of an order', () => {
    const renamed = {
      ...shopPaths,
      '/v1/concerts/{concertId}/seats': { get: { operationId: 'getSeats' } },
      '/v1/orders/{orderId}/ticket': { get: {} },
    }
    const shop = planRequests(openApiDocument.parse({ paths: renamed }))
    expect(shop.orderRoutes).toBeUndefined()
    expect(shop.missingOperations).toEqual(['listSeats', 'getTicket'])
    // Without an order nobody signs in: a list of orders is no source of ids then.
    expect(shop.idSources).toEqual([{ name: 'concertId', route: '/v1/concerts' }])
  })

  it('misses nothing of an API that does not sell', () => {
    expect(plan.missingOperations).toEqual([])
    const { '/v1/concerts': concerts, '/v1/concerts/{concertId}/seats': seats } = shopPaths
    const catalog = planRequests(openApiDocument.parse({ paths: { '/concerts': concerts, '/seats': seats } }))
    expect(catalog.missingOperations).toEqual([])
  })
})

describe('instantiate', () => {
  const ids = new Map([['concertId', ['a', 'b/c']]])
  const get: Operation = {
    method: 'GET',
    route: '/v1/concerts/{concertId}/seats',
    maxLimit: 100,
    idFields: [],
    scopes: undefined,
  }
  const post: Operation = {
    method: 'POST',
    route: '/v1/availability-queries',
    maxLimit: undefined,
    idFields: ['concertIds'],
    scopes: ['orders:read'],
  }

  it('fills in ids, page lengths and bodies', () => {
    expect(instantiate(get, ids, 1)).toMatchObject({
      path: '/v1/concerts/b%2Fc/seats?limit=8',
      body: undefined,
      signedIn: false,
    })
    expect(instantiate(post, ids, 0)).toMatchObject({
      path: '/v1/availability-queries',
      body: '{"concertIds":["a","b/c"]}',
      signedIn: true,
    })
  })

  it('keeps page lengths within what the API takes', () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 1000 }), (index, maxLimit) => {
        const { path } = instantiate({ ...get, maxLimit }, ids, index)
        const asked = Number(new URL(path, 'http://gateway').searchParams.get('limit'))
        expect(asked).toBeGreaterThanOrEqual(1)
        expect(asked).toBeLessThanOrEqual(maxLimit)
      }),
    )
  })
})

describe('markRequest', () => {
  it('makes a context that services continue and keep, and a request id that they accept', () => {
    const marker = newMarker()
    const { traceId, spanId, requestId, headers } = markRequest(marker, 7)
    expect(headers.traceparent).toMatch(/^00-[0-9a-f]{32}-[0-9a-f]{16}-01$/)
    expect(headers.traceparent).toBe(`00-${traceId}-${spanId}-01`)
    expect(headers.tracestate).toBe('faultline=keep')
    expect(requestId).toBe(`${marker}-7`)
    expect(requestId).toMatch(/^[A-Za-z0-9._-]{1,64}$/)
    expect(newMarker()).not.toBe(marker)
  })
})

describe('judgeRequests', () => {
  const ok = (route: string) => aRequest({ route })
  const shed = (route: string) => aRequest({ route, status: 503 })

  it('bears with a few that are shed', () => {
    expect(judgeRequests('g', [ok('/a'), ok('/a'), shed('/a'), ok('/b')]).status).toBe('pass')
  })

  it('fails where a route never answers with success, where most fail, and without any request', () => {
    expect(
      judgeRequests('g', [ok('/a'), ok('/a'), ok('/a'), shed('/b'), shed('/b'), shed('/b')]).status,
    ).toBe('fail')
    expect(judgeRequests('g', [ok('/a'), ok('/a'), ok('/a'), shed('/b')]).status).toBe('pass')
    expect(judgeRequests('g', [ok('/a'), shed('/a'), shed('/a')])).toMatchObject({
      status: 'fail',
      seen: '2 of 3 failed: GET /a: 503 (2 times)',
    })
    expect(judgeRequests('g', []).status).toBe('fail')
  })

  it('leaves the requests of an order to the check of the order', () => {
    const waiting = aRequest({ route: '/v1/orders/{orderId}/ticket', status: 404, purpose: 'order' })
    expect(judgeRequests('g', [ok('/a'), waiting, waiting, waiting])).toMatchObject({
      status: 'pass',
      seen: '1 of 1 answered with success',
    })
  })
})
