import { availabilityQuerySchema, concertIdSchema, pageQuerySchema } from '@faultline/contracts'
import { readJsonBody, validate } from '@faultline/service-kit'
import Router from '@koa/router'
import type { Seats } from '../domain/seats.ts'
import type { State } from './state.ts'

export function seatRoutes(seats: Seats): Router<State> {
  const router = new Router<State>()

  router.get('/concerts/:concertId/seats', async (ctx) => {
    const concertId = validate(concertIdSchema, ctx.params.concertId, 'path', 'concertId').toLowerCase()
    const page = validate(pageQuerySchema, ctx.query, 'query')
    ctx.body = await seats.list(concertId, page, ctx.state.deadline)
  })

  router.post('/availability-queries', async (ctx) => {
    const { concertIds } = validate(availabilityQuerySchema, await readJsonBody(ctx), 'body')
    ctx.body = await seats.availability(concertIds, ctx.state.deadline)
  })

  return router
}
