import {
  type Attributes,
  context,
  diag,
  type HrTime,
  type Span,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'

/**
 * Spans are timed with `performance.now()` and shown in wall-clock time. The distance between the two is measured
 * again now and then, because it drifts over the weeks that a server runs.
 */
let wallOffsetMs = performance.timeOrigin

export function syncClock(): void {
  const offset = Date.now() - performance.now()
  // Date.now() is cut to whole milliseconds; below that the better reading of timeOrigin stays.
  if (Math.abs(offset - wallOffsetMs) > 2) wallOffsetMs = offset
}

/** Milliseconds since the Unix epoch, as spans have it. */
export function unixMs(): number {
  return performance.now() + wallOffsetMs
}

/** A reading of `performance.now()` as the SDK keeps time: it takes such a pair as it is; a number costs it three. */
export function toHrTime(monotonicMs: number = performance.now()): HrTime {
  const ms = monotonicMs + wallOffsetMs
  const seconds = Math.floor(ms / 1e3)
  return [seconds, Math.round((ms - seconds * 1e3) * 1e6)]
}

/**
 * The attributes of a span that records, to be written to before it ends: the SDK's `setAttribute` looks through each
 * value, which is lost work for text and numbers of our own. Not for values of unknown length, which the SDK may have
 * to cut. For a span that does not record, an object that nobody reads.
 */
export function attributesOf(span: Span): Attributes {
  return (span as Partial<ReadableSpan>).attributes ?? {}
}

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

function recordError(span: Span, error: unknown): void {
  try {
    if (error instanceof Error) span.recordException(error)
  } catch (unreadable) {
    diag.warn('an error cannot be read', unreadable)
  }
}

/** Runs `fn` in an active span that ends with its result, its promise or its error. */
export function runInSpan<T>(tracer: Tracer, name: string, attributes: Attributes, fn: (span: Span) => T): T {
  const parent = context.active()
  const span = tracer.startSpan(name, {}, parent)
  span.setAttributes(attributes)
  try {
    const result = context.with(trace.setSpan(parent, span), () => fn(span))
    if (!(result instanceof Promise)) {
      span.end()
      return result
    }
    return result.then(
      (value) => {
        span.end()
        return value
      },
      (error: unknown) => {
        endFailed(span, error)
        throw error
      },
    ) as T
  } catch (error) {
    endFailed(span, error)
    throw error
  }
}

function endFailed(span: Span, error: unknown): void {
  // What `fn` said itself is more exact.
  if ((span as Partial<ReadableSpan>).status?.code === SpanStatusCode.ERROR) recordError(span, error)
  else recordFailure(span, error, error instanceof Error ? (readText(error, 'message') ?? '') : String(error))
  span.end()
}
