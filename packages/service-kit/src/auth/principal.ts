/** Who sent a request, as its token says. */
export interface Principal {
  /** User id, or the name of the service. */
  readonly subject: string
  /** A user's token belongs to a session; a service's does not. */
  readonly kind: 'user' | 'service'
  readonly sessionId: string | undefined
  readonly scopes: ReadonlySet<string>
}

/** What {@link authenticated} leaves in `ctx.state`. */
export interface AuthenticatedState {
  principal: Principal
  /** The token itself, to be passed on to the service that does the work. */
  token: string
}
