import { idSchema, webhookRequestSchema } from '@faultline/contracts'
import { readJsonBody, validate } from '@faultline/service-kit'
import Router from '@koa/router'
import type { Ticketing } from '../domain/ticketing.ts'
import { refusal, sendAnswer } from './answer.ts'
import type { Protect, UserState } from './protection.ts'

/** The public routes that ticketing answers, for the user whose token comes along. */
export function ticketingRoutes(ticketing: Ticketing, protect: Protect): Router<UserState> {
  const router = new Router<UserState>({ prefix: '/v1' })

  router.get('/orders/:orderId/ticket', protect('orders:read'), async (ctx) => {
    const id = validate(idSchema, ctx.params.orderId, 'path', 'orderId')
    sendAnswer(ctx, await ticketing.getTicket(id, ctx.state))
  })

  router.get('/orders/:orderId/ticket.pdf', protect('orders:read'), async (ctx) => {
    const id = validate(idSchema, ctx.params.orderId, 'path', 'orderId')
    const answer = await ticketing.getDocument(id, ctx.state)
    if (answer.kind === 'refused') throw refusal(answer)
    ctx.set('content-type', 'application/pdf')
    // The id has passed its schema: nothing in it ends the header.
    ctx.set('content-disposition', `attachment; filename="ticket-${id}.pdf"`)
    ctx.body = answer.bytes
  })

  router.post('/webhooks', protect('webhooks:manage'), async (ctx) => {
    const request = validate(webhookRequestSchema, await readJsonBody(ctx), 'body')
    sendAnswer(ctx, await ticketing.createWebhook(request, ctx.state))
  })

  router.get('/webhooks', protect('webhooks:manage'), async (ctx) => {
    sendAnswer(ctx, await ticketing.listWebhooks(ctx.state))
  })

  router.delete('/webhooks/:webhookId', protect('webhooks:manage'), async (ctx) => {
    const id = validate(idSchema, ctx.params.webhookId, 'path', 'webhookId')
    sendAnswer(ctx, await ticketing.deleteWebhook(id, ctx.state))
  })

  return router
}
