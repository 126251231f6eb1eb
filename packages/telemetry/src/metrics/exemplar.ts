import { SpanStatusCode } from '@opentelemetry/api'
import type { RecordedSpan } from '../trace/span.ts'

/** Labels that lead from a metric to a stored trace. */
export interface ExemplarLabels {
  readonly trace_id: string
  readonly span_id: string
  readonly [label: string]: string
}

/**
 * An exemplar must lead to a trace that the tail sampler keeps: one that is marked, failed or slow; of a message that
 * was waiting, only one that is marked.
 * @param span an ended span
 * @param slowThresholdMs the sampler's latency threshold in milliseconds
 */
export function leadsToStoredTrace(span: RecordedSpan, slowThresholdMs: number): boolean {
  if (span.kept || span.late) return span.kept
  return span.statusCode === SpanStatusCode.ERROR || span.endMs - span.startMs >= slowThresholdMs
}

export function exemplarOf(span: RecordedSpan): ExemplarLabels {
  return { trace_id: span.traceId, span_id: span.spanId }
}
