import { InvalidCursorError } from '@faultline/contracts'
import { invalidCursor, ProblemError, resourceNotFound } from '@faultline/service-kit'
import { NotFoundError, VersionMismatchError } from '../domain/errors.ts'

/** Says in HTTP what the domain says in errors of its own. */
export function asProblem(error: unknown): unknown {
  if (error instanceof InvalidCursorError) return invalidCursor(error.message)
  if (error instanceof NotFoundError) return resourceNotFound(error.entity, error.id)
  if (error instanceof VersionMismatchError) return preconditionFailed(error.message)
  return error
}

function preconditionFailed(detail: string): ProblemError {
  return new ProblemError({
    status: 412,
    type: 'precondition-failed',
    title: 'The resource has changed',
    detail: `${detail}; get it again and repeat the change`,
  })
}

export function preconditionRequired(): ProblemError {
  return new ProblemError({
    status: 428,
    type: 'precondition-required',
    title: 'The change must say which version it is for',
    detail: 'send If-Match with the ETag of the representation at hand',
  })
}
