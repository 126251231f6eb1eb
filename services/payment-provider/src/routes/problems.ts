import { overloaded, ProblemError } from '@faultline/service-kit'
import { OverloadedError, ProviderFailedError, ReferenceReusedError } from '../domain/errors.ts'

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
  if (error instanceof OverloadedError) return overloaded('too many requests wait already', 1)
  return error
}
