/** Why a request is refused although its input is right. The set is closed: it is stored and becomes problem types. */
export const REJECTIONS = [
  'not-found',
  'seat-not-available',
  'concert-not-on-sale',
  'reservation-not-held',
  'payment-declined',
] as const
export type Rejection = (typeof REJECTIONS)[number]

/** What is wanted cannot be done. Repeating the request changes nothing. */
export class RejectionError extends Error {
  override readonly name = 'RejectionError'
  readonly rejection: Rejection

  /** @param detail for the client */
  constructor(rejection: Rejection, detail: string) {
    super(detail)
    this.rejection = rejection
  }
}

/** There is nothing with this id, or it is somebody else's: the answer must not tell which. */
export function notFound(entity: string, id: string): RejectionError {
  return new RejectionError('not-found', `there is no ${entity} with the id ${id}`)
}

/** The key came before, with another request. */
export class IdempotencyKeyReusedError extends Error {
  override readonly name = 'IdempotencyKeyReusedError'

  constructor() {
    super('the idempotency key was used before, for another request')
  }
}

/** The first request with this key is not answered yet. */
export class RequestInProgressError extends Error {
  override readonly name = 'RequestInProgressError'

  constructor() {
    super('a request with this idempotency key is still under way')
  }
}
