import { InvalidCursorError } from '@faultline/contracts'
import { invalidCursor, ProblemError } from '@faultline/service-kit'
import {
  IdempotencyKeyReusedError,
  type Rejection,
  RejectionError,
  RequestInProgressError,
} from '../domain/errors.ts'

const REJECTION: Readonly<Record<Rejection, { status: number; type: string; title: string }>> = {
  'not-found': { status: 404, type: 'resource-not-found', title: 'There is no such resource' },
  'seat-not-available': { status: 409, type: 'seat-not-available', title: 'A seat is taken' },
  'concert-not-on-sale': {
    status: 409,
    type: 'concert-not-on-sale',
    title: 'The concert is not on sale',
  },
  'reservation-not-held': {
    status: 409,
    type: 'reservation-not-held',
    title: 'The reservation does not hold its seats any more',
  },
  'payment-declined': { status: 402, type: 'payment-declined', title: 'The payment was declined' },
}

/** When a repeat is going to find the first request answered, in seconds. */
const RETRY_AFTER_SECONDS = '1'

/** Says in HTTP what the domain says in errors of its own. */
export function asProblem(error: unknown): unknown {
  if (error instanceof InvalidCursorError) return invalidCursor(error.message)
  if (error instanceof RejectionError) {
    return new ProblemError({ ...REJECTION[error.rejection], detail: error.message })
  }
  if (error instanceof IdempotencyKeyReusedError) {
    return new ProblemError({
      status: 422,
      type: 'idempotency-key-reused',
      title: 'The idempotency key was used for another request',
      detail: `${error.message}; choose a new key for a new request`,
    })
  }
  if (error instanceof RequestInProgressError) {
    return new ProblemError({
      status: 409,
      type: 'request-in-progress',
      title: 'A request with this idempotency key is under way',
      detail: `${error.message}; repeat it in a moment`,
      headers: { 'retry-after': RETRY_AFTER_SECONDS },
    })
  }
  return error
}
