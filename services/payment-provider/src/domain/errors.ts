/** A reference that has a charge was sent with another amount or token. */
export class ReferenceReusedError extends Error {
  override readonly name = 'ReferenceReusedError'
}

/** The provider failed before it charged anything, as its fate had it. */
export class ProviderFailedError extends Error {
  override readonly name = 'ProviderFailedError'
}
