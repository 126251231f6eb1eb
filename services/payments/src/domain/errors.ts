/** There is nothing with this id. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError'
}

/** The order has a charge, of another amount or with another token. */
export class ChargeMismatchError extends Error {
  override readonly name = 'ChargeMismatchError'
}
