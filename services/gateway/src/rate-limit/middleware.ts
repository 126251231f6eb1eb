import type { AuthenticatedState } from '@faultline/service-kit'
import type { Middleware } from 'koa'
import type { AdmitSignIn } from '../routes/sessions.ts'
import type { clientAddressReader } from './client-address.ts'
import type { RateLimits } from './rate-limits.ts'

type AddressReader = ReturnType<typeof clientAddressReader>

/** Limits what an address sends in all. */
export function limitAddress(limits: RateLimits, addressOf: AddressReader): Middleware {
  return function limitAddressMiddleware(ctx, next) {
    limits.take(ctx, 'address', addressOf(ctx.req))
    return next()
  }
}

/** Limits what a user sends, from wherever; stands after authentication. */
export function limitUser(limits: RateLimits): Middleware<AuthenticatedState> {
  return function limitUserMiddleware(ctx, next) {
    limits.take(ctx, 'user', ctx.state.principal.subject)
    return next()
  }
}

/**
 * Limits wrong passwords, by name against guessing one user's and by address against trying lists of others'. Taken
 * before the password is checked, so that many at once get no further than one after another, and given back when
 * it was right.
 */
export function admitSignIns(limits: RateLimits, addressOf: AddressReader): AdmitSignIn {
  return (ctx, username) => {
    const address = addressOf(ctx.req)
    limits.take(ctx, 'sign_in_address', address)
    limits.take(ctx, 'sign_in_username', username)
    return {
      succeeded() {
        limits.giveBack('sign_in_address', address)
        limits.giveBack('sign_in_username', username)
      },
    }
  }
}
