import type { AuthenticatedState, Deadline } from '@faultline/service-kit'

/** What the middleware before the routes leaves in `ctx.state`. */
export interface State extends AuthenticatedState {
  requestId: string
  deadline: Deadline
}
