import { createHash, timingSafeEqual } from 'node:crypto'
import { providerChargeQuerySchema, providerChargeRequestSchema } from '@faultline/contracts'
import { overloaded, ProblemError, readJsonBody, validate } from '@faultline/service-kit'
import Router from '@koa/router'
import type { Context, Middleware } from 'koa'
import { type Charges, ProviderFailedError, ReferenceReusedError } from './domain/charges.ts'
import { OverloadedError } from './domain/workers.ts'

/** @param apiKey lets only the merchant through, who sends it as bearer token */
export function chargeRoutes(charges: Charges, apiKey: string): Router {
  const router = new Router()
  const merchantOnly = checkApiKey(apiKey)

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

/** Of one length whatever the key's, so that comparing takes the same time. */
const digest = (text: string) => createHash('sha256').update(text).digest()

function checkApiKey(key: string): Middleware {
  const expected = digest(key)
  return function apiKeyMiddleware(ctx, next) {
    const sent = /^Bearer (\S+)$/.exec(ctx.get('authorization'))?.[1] ?? ''
    if (timingSafeEqual(digest(sent), expected)) return next()
    throw new ProblemError({
      status: 401,
      type: 'unauthenticated',
      title: 'The request needs a valid API key',
      detail: 'send Authorization: Bearer with the API key of the merchant',
      headers: { 'www-authenticate': 'Bearer' },
    })
  }
}

/** Says in HTTP what the domain says in errors of its own. */
export function asProblem(error: unknown): unknown {
  if (error instanceof ReferenceReusedError) {
    return new ProblemError({
      status: 409,
      type: 'reference-reused',
      title: 'The reference has a charge already',
      detail: 'there is a charge with this reference, of another amount or another token',
    })
  }
  if (error instanceof ProviderFailedError) {
    return new ProblemError({
      status: 500,
      type: 'provider-failed',
      title: 'The provider failed',
      detail: 'nothing was charged; send the same request again',
    })
  }
  if (error instanceof OverloadedError) return overloaded('too many requests wait already', 1)
  return error
}
