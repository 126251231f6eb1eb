import { idSchema, reservationRequestSchema } from '@faultline/contracts'
import { authenticated, readJsonBody, type TokenVerifier, validate } from '@faultline/service-kit'
import Router from '@koa/router'
import type { Reservations } from '../domain/reservations.ts'
import { idempotencyKey } from './idempotency-key.ts'
import type { State } from './state.ts'
import { usersOnly } from './users-only.ts'

export function reservationRoutes(reservations: Reservations, verifier: TokenVerifier): Router<State> {
  const router = new Router<State>()
  const reading = [authenticated(verifier, 'orders:read'), usersOnly()]
  const writing = [authenticated(verifier, 'orders:write'), usersOnly()]

  router.post('/reservations', ...writing, async (ctx) => {
    const key = idempotencyKey(ctx)
    const request = validate(reservationRequestSchema, await readJsonBody(ctx), 'body')
    const { principal, deadline } = ctx.state
    ctx.body = await reservations.create(principal.subject, request, key, deadline)
    ctx.status = 201
  })

  router.get('/reservations/:reservationId', ...reading, async (ctx) => {
    const id = validate(idSchema, ctx.params.reservationId, 'path', 'reservationId').toLowerCase()
    ctx.body = await reservations.get(ctx.state.principal.subject, id, ctx.state.deadline)
  })

  router.delete('/reservations/:reservationId', ...writing, async (ctx) => {
    const id = validate(idSchema, ctx.params.reservationId, 'path', 'reservationId').toLowerCase()
    await reservations.release(ctx.state.principal.subject, id, ctx.state.deadline)
    ctx.status = 204
  })

  return router
}
