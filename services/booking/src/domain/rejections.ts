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

/** There is nothing with this id, or it is somebody else's: the answer must not say which. */
export function notFound(entity: string, id: string): RejectionError {
  return new RejectionError('not-found', `there is no ${entity} with the id ${id}`)
}
