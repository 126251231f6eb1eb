import type { Middleware } from 'koa'

/**
 * Throws another error in place of what the routes throw: the problem that an error of the domain is for a client.
 *
 * @param asProblem gives errors that it does not know back as they came
 */
export function translateErrors(asProblem: (error: unknown) => unknown): Middleware {
  return async function translateErrorsMiddleware(_ctx, next) {
    try {
      await next()
    } catch (error) {
      throw asProblem(error)
    }
  }
}
