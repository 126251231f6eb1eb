import { ProblemError } from '@faultline/service-kit'
import { ProviderFailedError, ReferenceReusedError } from '../domain/errors.ts'

/** Says in HTTP what the domain says in errors of its own. */
export function asProblem(error: unknown): unknown {
  if (error instanceof ReferenceReusedError) {
    return new ProblemError({
      status: 409,
      type: 'reference-reused',
      title: 'The reference has a charge already',
      detail: 'there is a charge with this reference, of another amount or another token',
    })
  }
  if (error instanceof ProviderFailedError) {
    return new ProblemError({
      status: 500,
      type: 'provider-failed',
      title: 'The provider failed',
      detail: 'nothing was charged; send the same request again',
    })
  }
  return error
}
