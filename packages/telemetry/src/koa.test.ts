import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { KoaContext } from './koa.ts'
import { routeOf, toOpenApi } from './koa.ts'

const contextOf = (matched: unknown, state: object = {}): KoaContext =>
  ({ _matchedRoute: matched, state }) as unknown as KoaContext

describe('route', () => {
  it.each([
    ['/v1/concerts', '/v1/concerts'],
    ['/v1/concerts/:concertId/seats', '/v1/concerts/{concertId}/seats'],
    ['/files/*path', '/files/{path}'],
    ['/venues{/:venueId}', '/venues/{venueId}'],
    ['/old/:id(\\d+)/:rest*', '/old/{id}/{rest}'],
    ['/v1/concerts/{concertId}', '/v1/concerts/{concertId}'],
  ])('spells %s as %s', (template, expected) => {
    expect(toOpenApi(template)).toBe(expected)
  })

  it('leaves no parameter unspelt', () => {
    const segment = fc.stringMatching(/^[a-z]{1,6}$/)
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), segment), { minLength: 1 }), (segments) => {
        const template = segments.map(([isParameter, name]) => `/${isParameter ? ':' : ''}${name}`).join('')
        const expected = segments
          .map(([isParameter, name]) => (isParameter ? `/{${name}}` : `/${name}`))
          .join('')
        expect(toOpenApi(template)).toBe(expected)
      }),
    )
  })

  it('takes the service’s own word over the router’s', () => {
    expect(routeOf(contextOf('/a/:b', { httpRoute: '/own/{id}' }))).toBe('/own/{id}')
    expect(routeOf(contextOf(/^\/a/))).toBe('/^\\/a/')
    expect(routeOf(contextOf(undefined))).toBeUndefined()
  })
})
