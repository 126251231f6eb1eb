import { context, type Span, type SpanOptions, SpanStatusCode, trace } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { readText, recordError } from './record-error.ts'

/** Runs `fn` in an active span that ends with its result, its promise or its error. */
export function runInSpan<T>(
  tracerName: string,
  name: string,
  { attributes = {}, ...options }: SpanOptions,
  fn: (span: Span) => T,
): T {
  const parent = context.active()
  const span = trace.getTracer(tracerName).startSpan(name, options, parent)
  span.setAttributes(attributes)
  try {
    const result = context.with(trace.setSpan(parent, span), () => fn(span))
    if (!isPromise(result)) {
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

function isPromise(value: unknown): value is Promise<unknown> {
  return value instanceof Promise
}

function endFailed(span: Span, error: unknown): void {
  // What `fn` said itself is more exact.
  if ((span as Partial<ReadableSpan>).status?.code !== SpanStatusCode.ERROR) {
    span.setStatus({
      code: SpanStatusCode.ERROR,
      message: error instanceof Error ? (readText(error, 'message') ?? '') : String(error),
    })
  }
  recordError(span, error)
  span.end()
}
