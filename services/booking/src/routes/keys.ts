import type { ServiceTokens } from '@faultline/service-kit'
import Router from '@koa/router'

/** The public keys of booking's own tokens, for whoever checks them. */
export function keyRoutes(tokens: Pick<ServiceTokens, 'jwks'>): Router {
  const router = new Router()
  router.get('/.well-known/jwks.json', (ctx) => {
    ctx.body = tokens.jwks()
  })
  return router
}
