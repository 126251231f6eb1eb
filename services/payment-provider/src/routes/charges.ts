import { providerChargeQuerySchema, providerChargeRequestSchema } from '@faultline/contracts'
import { readJsonBody, validate } from '@faultline/service-kit'
import Router from '@koa/router'
import type { Context, Middleware } from 'koa'
import type { Charges } from '../domain/charges.ts'

/** @param merchantOnly lets only the merchant through */
export function chargeRoutes(charges: Charges, merchantOnly: Middleware): Router {
  const router = new Router()

  router.post('/v1/charges', merchantOnly, async (ctx) => {
    const request = validate(providerChargeRequestSchema, await readJsonBody(ctx), 'body')
    const { charge, created, lost } = await charges.create(request, awaited(ctx))
    if (lost) {
      ctx.respond = false
      ctx.req.socket.destroy()
      return
    }
    ctx.status = created ? 201 : 200
    ctx.body = charge
  })

  router.get('/v1/charges', merchantOnly, async (ctx) => {
    const { reference } = validate(providerChargeQuerySchema, ctx.query, 'query')
    const charge = await charges.find(reference, awaited(ctx))
    ctx.body = { items: charge ? [charge] : [] }
  })

  return router
}

const awaited = (ctx: Context) => () => !ctx.req.socket.destroyed
