import {
  availabilityQuerySchema,
  concertIdSchema,
  concertSearchSchema,
  pageQuerySchema,
  venueIdSchema,
} from '@faultline/contracts'
import { readJsonBody, validate } from '@faultline/service-kit'
import Router from '@koa/router'
import type { Catalog } from '../domain/catalog.ts'
import { sendAnswer } from './answer.ts'
import type { State } from './state.ts'

/**
 * The public routes that the catalog answers. Input is checked here, so that rubbish costs no call; the query
 * string is then passed on as it came.
 */
export function catalogRoutes(catalog: Catalog): Router<State> {
  const router = new Router<State>({ prefix: '/v1' })

  router.get('/concerts', async (ctx) => {
    validate(concertSearchSchema, ctx.query, 'query')
    sendAnswer(ctx, await catalog.searchConcerts(ctx.querystring, ctx.state))
  })

  router.get('/concerts/:concertId', async (ctx) => {
    const id = validate(concertIdSchema, ctx.params.concertId, 'path', 'concertId')
    sendAnswer(ctx, await catalog.getConcert(id, ctx.state, ctx.get('if-none-match')))
  })

  router.get('/concerts/:concertId/seats', async (ctx) => {
    const concertId = validate(concertIdSchema, ctx.params.concertId, 'path', 'concertId')
    validate(pageQuerySchema, ctx.query, 'query')
    sendAnswer(ctx, await catalog.listSeats(concertId, ctx.querystring, ctx.state))
  })

  router.get('/venues', async (ctx) => {
    validate(pageQuerySchema, ctx.query, 'query')
    sendAnswer(ctx, await catalog.listVenues(ctx.querystring, ctx.state))
  })

  router.get('/venues/:venueId', async (ctx) => {
    const id = validate(venueIdSchema, ctx.params.venueId, 'path', 'venueId')
    sendAnswer(ctx, await catalog.getVenue(id, ctx.state, ctx.get('if-none-match')))
  })

  router.post('/availability-queries', async (ctx) => {
    const query = validate(availabilityQuerySchema, await readJsonBody(ctx), 'body')
    sendAnswer(ctx, await catalog.queryAvailability(query, ctx.state))
  })

  return router
}
