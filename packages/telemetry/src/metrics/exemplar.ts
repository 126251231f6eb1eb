import { type SpanContext, SpanStatusCode, TraceFlags } from '@opentelemetry/api'
import type { ReadableSpan } from '@opentelemetry/sdk-trace'
import { isKept as isMarked } from '../trace/keep.ts'
import { millisecondsBetween, type SpanState } from './span-state.ts'

/** Labels that lead from a metric to a stored trace. */
export interface ExemplarLabels {
  readonly trace_id: string
  readonly span_id: string
  readonly [label: string]: string
}

/**
 * Which spans an exemplar may lead to: `kept`, to those whose trace the tail sampler keeps; `sampled`, to all that
 * are exported, for people without tail sampling; `none`, to no span.
 */
export type ExemplarPolicy = 'kept' | 'sampled' | 'none'

export interface ExemplarRule {
  readonly policy: ExemplarPolicy
  /** Milliseconds from which the tail sampler keeps a trace for its duration. */
  readonly slowThresholdMs: number
  /** Milliseconds that the tail sampler waits for a trace's spans before it decides. */
  readonly decisionWaitMs: number
}

export function exemplarOf({ traceId, spanId }: SpanContext): ExemplarLabels {
  return { trace_id: traceId, span_id: spanId }
}

/** Whether the trace of a span that runs is certain to be stored: it is exported and carries the keep mark. */
export function isKept(context: SpanContext): boolean {
  return isSampled(context) && isMarked(context)
}

/**
 * An exemplar must lead to a trace that is stored. The tail sampler keeps one that is marked, and one that failed or
 * was slow, if it learns of that before it decides: not long after the trace's first span, and not of a message that
 * was waiting.
 * @param span an ended span
 * @param state of the same span
 * @returns the context to show; undefined for no exemplar
 */
export function exemplarFor(
  span: ReadableSpan,
  state: SpanState | undefined,
  { policy, slowThresholdMs, decisionWaitMs }: ExemplarRule,
): SpanContext | undefined {
  if (policy === 'none') return undefined
  const context = span.spanContext()
  if (!isSampled(context)) return undefined
  if (policy === 'sampled' || isMarked(context)) return context
  const [seconds, nanos] = span.duration
  const isSlow = seconds * 1e3 + nanos / 1e6 >= slowThresholdMs
  if (!isSlow && span.status.code !== SpanStatusCode.ERROR) return undefined
  if (state?.isLate) return undefined
  const ageMs = millisecondsBetween(state?.rootStart ?? span.startTime, span.endTime)
  return ageMs < decisionWaitMs ? context : undefined
}

/** Whether the spans of a trace are exported. */
export function isSampled({ traceFlags }: SpanContext): boolean {
  return (traceFlags & TraceFlags.SAMPLED) !== 0
}
