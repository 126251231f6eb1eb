import type { Deadline } from '@faultline/service-kit'

/** What the middleware before the routes leaves in `ctx.state`. */
export interface State {
  requestId: string
  deadline: Deadline
}
