import Router, { type RouterMiddleware } from '@koa/router'
import Koa from 'koa'
import { describe, expect, it } from 'vitest'
import { apiFaults } from './api-faults.ts'

/** An application that publishes the given paths and has the routes that `add` gives it. */
function appOf(paths: unknown, add: (router: Router) => void): Koa {
  const router = new Router()
  router.get('/openapi.json', (ctx) => {
    ctx.body = { paths }
  })
  add(router)
  const app = new Koa()
  app.use(router.routes())
  return app
}

const PUBLIC = { security: [] }
const PROTECTED = { security: [{ bearer: ['orders:read'] }] }

/** A route that wants a token. */
const refuse: RouterMiddleware = (ctx) => {
  ctx.status = 401
}
const answer: RouterMiddleware = (ctx) => {
  ctx.status = 204
}

describe('the faults of an API', () => {
  it('are none where routes and document agree and tokens are wanted', async () => {
    const paths = { '/orders/{orderId}': { get: PROTECTED, delete: PROTECTED }, '/venues': { get: PUBLIC } }
    const app = appOf(paths, (router) => {
      const nested = new Router({ prefix: '/orders' })
      nested.get('/:orderId', refuse)
      nested.delete('/:orderId', refuse)
      router.use(nested.routes()).get('/venues', answer)
    })
    expect(await apiFaults(app)).toEqual([])
  })

  it.each<[string, unknown, (router: Router) => void]>([
    ['GET /hidden is in no document', {}, (router) => router.get('/hidden', refuse)],
    [
      'DELETE /venues is in no document',
      { '/venues': { get: PUBLIC } },
      (router) => router.get('/venues', answer).delete('/venues', refuse),
    ],
    ['GET /gone is documented, but there is no such route', { '/gone': { get: PROTECTED } }, () => undefined],
    [
      'GET /orders does not say who may use it',
      { '/orders': { get: {} } },
      (router) => router.get('/orders', refuse),
    ],
    [
      'GET /orders answers 204 without a token',
      { '/orders': { get: PROTECTED } },
      (router) => router.get('/orders', answer),
    ],
  ])('tell that %s', async (fault, paths, add) => {
    expect(await apiFaults(appOf(paths, add))).toEqual([fault])
  })

  it('include a route of a router beside the first, with and without a token', async () => {
    const app = appOf({}, () => undefined)
    app.use(new Router().post('/back-door', answer).routes())
    expect(await apiFaults(app)).toEqual([
      'POST /back-door is in no document',
      'POST /back-door answers 204 without a token',
    ])
  })
})
