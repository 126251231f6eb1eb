import type { AuthenticatedState, Deadline } from '@faultline/service-kit'
import type { Middleware } from 'koa'

/** What the middleware before the routes leaves in `ctx.state`, and that of a protected route. */
export interface UserState extends AuthenticatedState {
  requestId: string
  deadline: Deadline
}

/** Middleware of a route that wants a user with all of the scopes. */
export type Protect = (...scopes: string[]) => Middleware<UserState>
