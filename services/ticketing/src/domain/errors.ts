/** There is no ticket of this order for this visitor, or not yet. */
export class TicketNotReadyError extends Error {
  override readonly name = 'TicketNotReadyError'
  readonly orderId: string

  constructor(orderId: string) {
    super(`there is no ticket of the order ${orderId} yet`)
    this.orderId = orderId
  }
}

/** There is no webhook with this id that belongs to the caller. */
export class WebhookNotFoundError extends Error {
  override readonly name = 'WebhookNotFoundError'
  readonly id: string

  constructor(id: string) {
    super(`there is no webhook with the id ${id}`)
    this.id = id
  }
}

/** The organiser has as many webhooks as are allowed. */
export class TooManyWebhooksError extends Error {
  override readonly name = 'TooManyWebhooksError'

  constructor(limit: number) {
    super(`there are ${limit} webhooks already, which is the limit`)
  }
}

/** A message can never be handled, however often it comes. */
export class UnprocessableMessageError extends Error {
  override readonly name = 'UnprocessableMessageError'
}

/** Some of the webhooks could not be told; the others were. */
export class WebhookDeliveryError extends Error {
  override readonly name = 'WebhookDeliveryError'

  constructor(failed: readonly string[]) {
    super(`${failed.length} webhooks could not be told: ${[...new Set(failed)].sort().join(', ')}`)
  }
}
