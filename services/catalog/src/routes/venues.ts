import { pageQuerySchema, venueIdSchema } from '@faultline/contracts'
import { notModified, validate } from '@faultline/service-kit'
import Router from '@koa/router'
import type { Venues } from '../domain/venues.ts'
import type { State } from './state.ts'

export function venueRoutes(venues: Venues): Router<State> {
  const router = new Router<State>()

  router.get('/venues', async (ctx) => {
    ctx.body = await venues.list(validate(pageQuerySchema, ctx.query, 'query'), ctx.state.deadline)
  })

  router.get('/venues/:venueId', async (ctx) => {
    const id = validate(venueIdSchema, ctx.params.venueId, 'path', 'venueId').toLowerCase()
    const { value, tag } = await venues.get(id, ctx.state.deadline)
    if (!notModified(ctx, tag)) ctx.body = value
  })

  return router
}
