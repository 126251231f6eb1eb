import {
  availabilityQuerySchema,
  concertIdSchema,
  concertPatchSchema,
  concertSearchSchema,
  InvalidCursorError,
  pageQuerySchema,
  venueIdSchema,
} from '@faultline/contracts'
import {
  authenticated,
  type Deadline,
  invalidCursor,
  notModified,
  ProblemError,
  readJsonBody,
  resourceNotFound,
  type TokenVerifier,
  validate,
} from '@faultline/service-kit'
import Router from '@koa/router'
import { type Concerts, NotFoundError, VersionMismatchError } from './domain/concerts.ts'
import type { Seats } from './domain/seats.ts'
import type { Venues } from './domain/venues.ts'

/** What the middleware before the routes leaves in `ctx.state`. */
interface State {
  deadline: Deadline
}

const PATCH_TYPES = ['application/merge-patch+json', 'application/json']

const concertIdOf = (value: unknown) => validate(concertIdSchema, value, 'path', 'concertId').toLowerCase()

export interface CatalogRoutesOptions {
  concerts: Concerts
  venues: Venues
  seats: Seats
  /** Checks the tokens of those who change concerts; everybody may read. */
  verifier: TokenVerifier
}

export function catalogRoutes({ concerts, venues, seats, verifier }: CatalogRoutesOptions): Router<State> {
  const router = new Router<State>()

  router.get('/concerts', async (ctx) => {
    const search = validate(concertSearchSchema, ctx.query, 'query')
    ctx.body = await concerts.search(search, ctx.state.deadline)
  })

  router.get('/concerts/:concertId', async (ctx) => {
    const id = concertIdOf(ctx.params.concertId)
    const { value, tag } = await concerts.get(id, ctx.state.deadline)
    if (!notModified(ctx, tag)) ctx.body = value
  })

  router.patch('/concerts/:concertId', authenticated(verifier, 'concerts:write'), async (ctx) => {
    const id = concertIdOf(ctx.params.concertId)
    const ifMatch = ctx.get('if-match')
    if (ifMatch === '') throw preconditionRequired()
    const patch = validate(concertPatchSchema, await readJsonBody(ctx, PATCH_TYPES), 'body')
    const { value, tag } = await concerts.patch(id, patch, ifMatch, ctx.state.deadline)
    ctx.set('etag', tag)
    ctx.body = value
  })

  router.get('/concerts/:concertId/seats', async (ctx) => {
    const concertId = concertIdOf(ctx.params.concertId)
    const page = validate(pageQuerySchema, ctx.query, 'query')
    ctx.body = await seats.list(concertId, page, ctx.state.deadline)
  })

  router.post('/availability-queries', async (ctx) => {
    const { concertIds } = validate(availabilityQuerySchema, await readJsonBody(ctx), 'body')
    ctx.body = await seats.availability(concertIds, ctx.state.deadline)
  })

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

/** Says in HTTP what the domain says in errors of its own. */
export function asProblem(error: unknown): unknown {
  if (error instanceof InvalidCursorError) return invalidCursor(error.message)
  if (error instanceof NotFoundError) return resourceNotFound(error.entity, error.id)
  if (error instanceof VersionMismatchError) {
    return new ProblemError({
      status: 412,
      type: 'precondition-failed',
      title: 'The resource has changed',
      detail: `${error.message}; get it again and repeat the change`,
    })
  }
  return error
}

function preconditionRequired(): ProblemError {
  return new ProblemError({
    status: 428,
    type: 'precondition-required',
    title: 'The change must say which version it is for',
    detail: 'send If-Match with the ETag of the representation at hand',
  })
}
