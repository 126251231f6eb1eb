import type { SigningKeys } from '@faultline/service-kit'
import Router from '@koa/router'

/** The public keys of booking's own tokens, for whoever checks them. */
export function keyRoutes(keys: Pick<SigningKeys, 'keySet'>): Router {
  const router = new Router()
  router.get('/.well-known/jwks.json', (ctx) => {
    ctx.body = keys.keySet()
  })
  return router
}
