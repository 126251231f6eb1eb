import type { Scope } from '@faultline/contracts'
import type { AuthenticatedState } from '@faultline/service-kit'
import type { Middleware } from 'koa'
import type { State } from './state.ts'

/** State behind a protected route. */
export type UserState = State & AuthenticatedState

/** Middleware of a route that wants a user with all of the scopes. */
export type Protect = (...scopes: Scope[]) => Middleware<UserState>
