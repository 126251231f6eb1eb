import { SpanStatusCode } from '@opentelemetry/api'
import type { MessagingMetrics } from '../metrics/messaging.ts'
import { monotonicMs } from '../trace/clock.ts'
import type { RecordedSpan } from '../trace/span.ts'
import type { IncomingMessage, OutgoingMessage } from './types.ts'

export interface Operation {
  readonly operation: 'send' | 'process'
  readonly message: OutgoingMessage | IncomingMessage
  readonly span: RecordedSpan | undefined
  /** Monotonic milliseconds. */
  readonly startMs: number
  readonly metrics: MessagingMetrics | undefined
}

/** Ends the span and counts. @param failure undefined when it went well */
export function endOperation(
  { operation, message, span, startMs, metrics }: Operation,
  failure: { readonly error: unknown } | undefined,
): void {
  const endMs = monotonicMs()
  const errorType = failure && errorTypeOf(failure.error)
  if (span) {
    if (errorType !== undefined) {
      span.setAttribute('error.type', errorType)
      span.setStatus({ code: SpanStatusCode.ERROR })
      if (failure?.error instanceof Error) span.recordException(failure.error)
    }
    span.endAt(endMs)
  }
  metrics?.finished({
    system: message.system,
    operation,
    destination: message.destination,
    consumerGroup: 'consumerGroup' in message ? message.consumerGroup : undefined,
    errorType,
    durationSeconds: (endMs - startMs) / 1e3,
    exemplar: span?.kept ? span : undefined,
  })
}

function errorTypeOf(error: unknown): string {
  return error instanceof Error ? error.name : 'Error'
}
