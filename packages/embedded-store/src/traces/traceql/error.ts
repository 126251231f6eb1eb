/** A query that is wrong or beyond the supported subset. The message names the construct and where it stands. */
export class TraceqlError extends Error {
  override readonly name = 'TraceqlError'
  /** Column, counted from 1. */
  readonly column: number

  /** Whether the query may be fine, only not here. */
  readonly isUnsupported: boolean

  constructor(what: string, column: number, isUnsupported = false) {
    super(`invalid TraceQL query: column ${column}: ${what}`)
    this.column = column
    this.isUnsupported = isUnsupported
  }

  static unsupported(what: string, column: number): TraceqlError {
    return new TraceqlError(`${what} is not supported by the embedded store`, column, true)
  }
}
