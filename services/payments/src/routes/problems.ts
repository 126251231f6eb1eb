import { ProblemError } from '@faultline/service-kit'
import { ChargeMismatchError, NotFoundError } from '../domain/errors.ts'

/** Says in HTTP what the domain says in errors of its own. */
export function asProblem(error: unknown): unknown {
  if (error instanceof NotFoundError) {
    return new ProblemError({
      status: 404,
      type: 'resource-not-found',
      title: 'There is no such resource',
      detail: error.message,
    })
  }
  if (error instanceof ChargeMismatchError) {
    return new ProblemError({
      status: 422,
      type: 'idempotency-key-reused',
      title: 'The key was used before, for another request',
      detail: 'there is a charge for this order, of another amount or another token',
    })
  }
  return error
}
