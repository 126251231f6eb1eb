/** A reference that has a charge was sent with another amount or token. */
export class ReferenceReusedError extends Error {
  override readonly name = 'ReferenceReusedError'
}

/** Too many requests wait already; this one was not looked at. */
export class OverloadedError extends Error {
  override readonly name = 'OverloadedError'
}

/** The provider failed before it charged anything, as its fate had it. */
export class ProviderFailedError extends Error {
  override readonly name = 'ProviderFailedError'
}
