import type { CallContext } from '../repositories/catalog.ts'

/** What the middleware before the routes leaves in `ctx.state`. */
export type State = CallContext
