import { ProblemError, resourceNotFound } from '@faultline/service-kit'
import { AddressRefusedError } from '../domain/address-guard.ts'
import { TicketNotReadyError, TooManyWebhooksError, WebhookNotFoundError } from '../domain/errors.ts'

/** Says in HTTP what the domain says in errors of its own. */
export function asProblem(error: unknown): unknown {
  if (error instanceof TicketNotReadyError) return ticketNotReady(error.message)
  if (error instanceof WebhookNotFoundError) return resourceNotFound('webhook', error.id)
  if (error instanceof TooManyWebhooksError) return tooManyWebhooks(error.message)
  if (error instanceof AddressRefusedError) return addressRefused(error)
  if (isUnknownHost(error)) return addressRefused(error)
  return error
}

function ticketNotReady(detail: string): ProblemError {
  return new ProblemError({
    status: 404,
    type: 'ticket-not-ready',
    title: 'There is no ticket yet',
    detail: `${detail}; ask again if the order is confirmed`,
    headers: { 'retry-after': '1' },
  })
}

function tooManyWebhooks(detail: string): ProblemError {
  return new ProblemError({
    status: 409,
    type: 'too-many-webhooks',
    title: 'There are too many webhooks',
    detail: `${detail}; delete one first`,
  })
}

/** One answer for a private address and for a name that leads nowhere, which would tell of the names inside. */
function addressRefused(cause: unknown): ProblemError {
  return new ProblemError({
    status: 422,
    type: 'webhook-address-refused',
    title: 'The address cannot be used',
    detail: 'the host of the URL must be found at a public address',
    errors: [{ location: 'body', pointer: '/url', detail: 'is not at a public address' }],
    cause,
  })
}

function isUnknownHost(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && error.syscall === 'getaddrinfo'
}
