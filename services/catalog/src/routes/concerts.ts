import { concertIdSchema, concertPatchSchema, concertSearchSchema } from '@faultline/contracts'
import {
  authenticated,
  notModified,
  readJsonBody,
  type TokenVerifier,
  validate,
} from '@faultline/service-kit'
import Router from '@koa/router'
import type { Concerts } from '../domain/concerts.ts'
import { preconditionRequired } from './problems.ts'
import type { State } from './state.ts'

const PATCH_TYPES = ['application/merge-patch+json', 'application/json']

export function concertRoutes(concerts: Concerts, verifier: TokenVerifier): Router<State> {
  const router = new Router<State>()

  router.get('/concerts', async (ctx) => {
    const search = validate(concertSearchSchema, ctx.query, 'query')
    ctx.body = await concerts.search(search, ctx.state.deadline)
  })

  router.get('/concerts/:concertId', async (ctx) => {
    const id = validate(concertIdSchema, ctx.params.concertId, 'path', 'concertId').toLowerCase()
    const { value, tag } = await concerts.get(id, ctx.state.deadline)
    if (!notModified(ctx, tag)) ctx.body = value
  })

  router.patch('/concerts/:concertId', authenticated(verifier, 'concerts:write'), async (ctx) => {
    const id = validate(concertIdSchema, ctx.params.concertId, 'path', 'concertId').toLowerCase()
    const ifMatch = ctx.get('if-match')
    if (ifMatch === '') throw preconditionRequired()
    const patch = validate(concertPatchSchema, await readJsonBody(ctx, { types: PATCH_TYPES }), 'body')
    const { value, tag } = await concerts.patch(id, patch, ifMatch, ctx.state.deadline)
    ctx.set('etag', tag)
    ctx.body = value
  })

  return router
}
