import { ProblemError } from '@faultline/service-kit'
import type { Middleware } from 'koa'
import type { State } from './state.ts'

/** Reservations and orders belong to people: a service's own token opens nothing here. */
export function usersOnly(): Middleware<State> {
  return async function usersOnlyMiddleware(ctx, next) {
    if (ctx.state.principal.kind !== 'user') {
      throw new ProblemError({
        status: 403,
        type: 'insufficient-scope',
        title: 'The access token allows too little',
        detail: 'this needs the token of a user',
      })
    }
    await next()
  }
}
