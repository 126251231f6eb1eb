import { idSchema } from '@faultline/contracts'
import { authenticated, type TokenVerifier, validate } from '@faultline/service-kit'
import Router from '@koa/router'
import type { Tickets } from '../domain/tickets.ts'
import type { State } from './state.ts'

export function ticketRoutes(tickets: Tickets, verifier: TokenVerifier): Router<State> {
  const router = new Router<State>()
  const canRead = authenticated(verifier, 'orders:read')

  router.get('/orders/:orderId/ticket', canRead, async (ctx) => {
    const orderId = validate(idSchema, ctx.params.orderId, 'path', 'orderId').toLowerCase()
    ctx.body = await tickets.get(orderId, ctx.state.principal.subject, ctx.state.deadline)
  })

  router.get('/orders/:orderId/ticket.pdf', canRead, async (ctx) => {
    const orderId = validate(idSchema, ctx.params.orderId, 'path', 'orderId').toLowerCase()
    ctx.body = await tickets.getDocument(orderId, ctx.state.principal.subject, ctx.state.deadline)
    ctx.type = 'application/pdf'
    ctx.set('content-disposition', 'attachment; filename="ticket.pdf"')
    ctx.set('x-content-type-options', 'nosniff')
    ctx.set('cache-control', 'private, no-store')
  })

  return router
}
