import { context, propagation, ROOT_CONTEXT, SpanStatusCode, trace } from '@opentelemetry/api'
import type { TraceContext } from '../repositories/orders.ts'

/** The trace and baggage of what is being done, to be stored with it. */
export function activeTraceContext(): TraceContext {
  const carrier: TraceContext = {}
  propagation.inject(context.active(), carrier)
  return carrier
}

/** Continues stored work in the trace that it began in. */
export function inStoredContext<T>(
  stored: TraceContext,
  spanName: string,
  work: () => Promise<T>,
): Promise<T> {
  return context.with(propagation.extract(ROOT_CONTEXT, stored), () => inSpan(spanName, work))
}

/** A span of its own for work that no request asked for. */
export function inSpan<T>(name: string, work: () => Promise<T>): Promise<T> {
  return trace.getTracer('booking').startActiveSpan(name, async (span) => {
    try {
      return await work()
    } catch (error) {
      span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.message : '' })
      if (error instanceof Error) span.recordException(error)
      throw error
    } finally {
      span.end()
    }
  })
}
