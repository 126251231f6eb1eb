/** Where one wrong part of the input is. */
export interface InputError {
  location: 'path' | 'query' | 'header' | 'body'
  /** JSON pointer (RFC 6901) inside the location; empty for the whole of it. */
  pointer: string
  detail: string
}

export interface ProblemOptions {
  status: number
  /** Last part of the type URI, for example `validation-failed`. */
  type: string
  /** The kind of problem in a few words, the same every time. */
  title: string
  /** What went wrong this time, for the client: no stack, no internal address. */
  detail: string
  errors?: readonly InputError[]
  /** Configured name of the dependency that failed. */
  dependency?: string
  /** Class of the dependency's failure, for example `timeout`. */
  failure?: string
  headers?: Readonly<Record<string, string>>
  /** What led here; logged, never sent. */
  cause?: unknown
}

/** Before every problem type; a URN, as the types are described in the OpenAPI document and not by pages. */
const TYPE_PREFIX = 'urn:faultline:problem:'

/**
 * An error that is answered as problem details.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9457
 */
export class ProblemError extends Error {
  override readonly name = 'ProblemError'
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  private readonly options: ProblemOptions

  constructor(options: ProblemOptions) {
    super(options.detail, { cause: options.cause })
    this.status = options.status
    this.headers = options.headers ?? {}
    this.options = options
  }

  /** Short name of the kind of problem, for metrics and logs. */
  get type(): string {
    return this.options.type
  }

  /** What is wrong with the input, if that is the problem. */
  get errors(): readonly InputError[] | undefined {
    return this.options.errors
  }

  /** The members of the answer's body. */
  body(instance: string, requestId: string): Record<string, unknown> {
    const { type, title, status, detail, errors, dependency, failure } = this.options
    return {
      type: TYPE_PREFIX + type,
      title,
      status,
      detail,
      instance,
      requestId,
      ...(errors && { errors }),
      ...(dependency && { dependency }),
      ...(failure && { cause: failure }),
    }
  }
}

/** The kinds of problem that every service has. */

export function validationFailed(errors: readonly InputError[]): ProblemError {
  const first = errors[0]
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  const where = first
    ? `${first.location}${first.pointer ? ` ${first.pointer}` : ''}: ${first.detail}${more}`
    : ''
  return new ProblemError({
    status: 400,
    type: 'validation-failed',
    title: 'The input is wrong',
    detail: where,
    errors,
  })
}

export function invalidCursor(detail: string): ProblemError {
  return new ProblemError({
    status: 400,
    type: 'invalid-cursor',
    title: 'The cursor cannot be used',
    detail: `${detail}; start from the first page, or take nextCursor of the page before, unchanged`,
    errors: [{ location: 'query', pointer: '/cursor', detail }],
  })
}

export function resourceNotFound(what: string, id: string): ProblemError {
  return new ProblemError({
    status: 404,
    type: 'resource-not-found',
    title: 'There is no such resource',
    detail: `there is no ${what} with the id ${id}`,
  })
}

export function routeNotFound(path: string): ProblemError {
  return new ProblemError({
    status: 404,
    type: 'route-not-found',
    title: 'There is no such route',
    detail: `nothing is served at ${path}`,
  })
}

export function methodNotAllowed(method: string, allow: string): ProblemError {
  return new ProblemError({
    status: 405,
    type: 'method-not-allowed',
    title: 'The method is not allowed here',
    detail: `${method} is not allowed; allowed: ${allow}`,
    headers: { allow },
  })
}

export function overloaded(detail: string, retryAfterSeconds: number): ProblemError {
  return new ProblemError({
    status: 503,
    type: 'overloaded',
    title: 'The service has more work than it can do',
    detail,
    headers: { 'retry-after': String(retryAfterSeconds) },
  })
}

/** How a dependency failed; also label values, so the set is closed. */
export type DependencyFailure =
  | 'timeout'
  | 'connection_failed'
  | 'circuit_open'
  | 'bulkhead_full'
  | 'unavailable'
  | 'error_answer'
  | 'invalid_answer'

const DEPENDENCY_STATUS: Record<DependencyFailure, { status: number; type: string; title: string }> = {
  timeout: { status: 504, type: 'dependency-timeout', title: 'A dependency did not answer in time' },
  connection_failed: unavailable(),
  circuit_open: unavailable(),
  bulkhead_full: unavailable(),
  unavailable: unavailable(),
  error_answer: badAnswer(),
  invalid_answer: badAnswer(),
}

function unavailable() {
  return { status: 503, type: 'dependency-unavailable', title: 'A dependency cannot be reached' }
}

function badAnswer() {
  return {
    status: 502,
    type: 'bad-dependency-answer',
    title: 'A dependency gave an answer that cannot be used',
  }
}

/** A dependency failed. The answer names it and the class of the failure, never its address or its message. */
export function dependencyFailed(
  dependency: string,
  failure: DependencyFailure,
  cause?: unknown,
): ProblemError {
  const kind = DEPENDENCY_STATUS[failure]
  return new ProblemError({
    ...kind,
    detail: `${dependency}: ${failure.replaceAll('_', ' ')}`,
    dependency,
    failure,
    ...(kind.status === 503 && { headers: { 'retry-after': '1' } }),
    cause,
  })
}

export function deadlineExceeded(cause: unknown): ProblemError {
  return new ProblemError({
    status: 504,
    type: 'deadline-exceeded',
    title: 'The answer was not ready in time',
    detail: 'the deadline of the request has passed',
    cause,
  })
}

export function internalError(cause: unknown): ProblemError {
  return new ProblemError({
    status: 500,
    type: 'internal-error',
    title: 'The service failed',
    detail: 'the service failed; the request id finds the cause in its logs',
    cause,
  })
}
