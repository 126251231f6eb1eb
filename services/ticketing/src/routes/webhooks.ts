import { idSchema, webhookRequestSchema } from '@faultline/contracts'
import { authenticated, readJsonBody, type TokenVerifier, validate } from '@faultline/service-kit'
import Router from '@koa/router'
import type { Webhooks } from '../domain/webhooks.ts'
import type { State } from './state.ts'

export function webhookRoutes(webhooks: Webhooks, verifier: TokenVerifier): Router<State> {
  const router = new Router<State>()
  const canManage = authenticated(verifier, 'webhooks:manage')

  router.post('/webhooks', canManage, async (ctx) => {
    const { url } = validate(webhookRequestSchema, await readJsonBody(ctx), 'body')
    ctx.body = await webhooks.register(ctx.state.principal.subject, url, ctx.state.deadline)
    ctx.status = 201
    ctx.set('cache-control', 'no-store')
  })

  router.get('/webhooks', canManage, async (ctx) => {
    const items = await webhooks.list(ctx.state.principal.subject, ctx.state.deadline)
    ctx.body = { items, nextCursor: null }
  })

  router.delete('/webhooks/:webhookId', canManage, async (ctx) => {
    const id = validate(idSchema, ctx.params.webhookId, 'path', 'webhookId').toLowerCase()
    await webhooks.delete(id, ctx.state.principal.subject, ctx.state.deadline)
    ctx.status = 204
  })

  return router
}
