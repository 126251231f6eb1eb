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
