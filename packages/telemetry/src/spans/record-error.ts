import { diag, type Span, SpanStatusCode } from '@opentelemetry/api'

/**
 * Reads text from a thrown value. Anything can be thrown, also what throws when it is looked at.
 * @returns undefined where there is no text
 */
export function readText(error: unknown, field: 'name' | 'code' | 'message'): string | undefined {
  try {
    const value: unknown = Object(error)[field]
    return typeof value === 'string' ? value : undefined
  } catch {
    return undefined
  }
}

/** Code of a system or database error, such as `ECONNREFUSED` or `57014`; else the class of the error. */
export function errorTypeOf(error: unknown): string {
  return readText(error, 'code') ?? readText(error, 'name') ?? 'Error'
}

/** Puts status ERROR on a span, and what was thrown, if it is an error that can be read. */
export function recordFailure(span: Span, error: unknown, message?: string): void {
  span.setStatus({ code: SpanStatusCode.ERROR, ...(message !== undefined && { message }) })
  recordError(span, error)
}

/** Adds the exception event of an error; of one that cannot be read there is none. */
export function recordError(span: Span, error: unknown): void {
  try {
    if (error instanceof Error) span.recordException(error)
  } catch (unreadable) {
    diag.warn('an error cannot be read', unreadable)
  }
}
