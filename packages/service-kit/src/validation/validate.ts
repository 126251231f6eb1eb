import type { z } from 'zod'
import { validationFailed } from '../problems/common-problems.ts'
import type { InputError } from '../problems/problem.ts'

/**
 * Checks one part of a request.
 *
 * @param name of the one value, when the part is checked value by value; the problem points at it
 * @throws ProblemError 400 naming every wrong part and where it is
 */
export function validate<Output>(
  schema: z.ZodType<Output>,
  value: unknown,
  location: InputError['location'],
  name?: string,
): Output {
  const result = schema.safeParse(value)
  if (result.success) return result.data
  const prefix = name === undefined ? [] : [name]
  throw validationFailed(
    result.error.issues.flatMap((issue) =>
      inputErrors({ ...issue, path: [...prefix, ...issue.path] }, location),
    ),
  )
}

function inputErrors(issue: z.core.$ZodIssue, location: InputError['location']): InputError[] {
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      location,
      pointer: jsonPointer([...issue.path, key]),
      detail: 'is not known here',
    }))
  }
  return [{ location, pointer: jsonPointer(issue.path), detail: issue.message }]
}

/** @see https://www.rfc-editor.org/rfc/rfc6901#section-3 */
function jsonPointer(path: readonly PropertyKey[]): string {
  return path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}
