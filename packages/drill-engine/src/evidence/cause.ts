import type { Span, Trace } from '@faultline/backends-client'
import type { Cause } from '../drill.ts'

/** Where the cause was seen. */
export interface SeenCause {
  readonly traceId: string
  readonly spanId: string
  readonly service: string
  readonly span: string
  /** Share of the trace's time that is spent in this span itself, not in those that it waits for. */
  readonly share: number
}

/**
 * Looks for the span that the drill says is the cause. It must be the one with the most time of its own in the trace,
 * or one that failed: a span that is merely there explains nothing.
 */
export function findCause(
  trace: Trace,
  { service, span }: Pick<Cause, 'service' | 'span'>,
): SeenCause | undefined {
  const pattern = new RegExp(span)
  const own = new Map(trace.spans.map((one) => [one, ownTime(one, trace.spans)]))
  const longest = Math.max(0, ...own.values())
  const suspects = trace.spans.filter(
    (one) =>
      one.serviceName === service &&
      pattern.test(one.name) &&
      (one.status === 'error' || own.get(one) === longest),
  )
  const culprit = suspects.toSorted((a, b) => (own.get(b) ?? 0) - (own.get(a) ?? 0))[0]
  if (culprit === undefined) return undefined
  const whole = Math.max(...trace.spans.map(({ durationMs }) => durationMs))
  return {
    traceId: trace.traceId,
    spanId: culprit.spanId,
    service: culprit.serviceName,
    span: culprit.name,
    share: whole === 0 ? 0 : (own.get(culprit) ?? 0) / whole,
  }
}

/** Time of a span in which none of its children ran, in ms. */
export function ownTime(span: Span, spans: readonly Span[]): number {
  const end = span.startMs + span.durationMs
  const children = spans
    .filter(({ parentSpanId }) => parentSpanId === span.spanId)
    .map(({ startMs, durationMs }): [number, number] => [
      Math.max(startMs, span.startMs),
      Math.min(startMs + durationMs, end),
    ])
    .sort(([a], [b]) => a - b)
  let covered = 0
  let until = span.startMs
  for (const [from, to] of children) {
    covered += Math.max(0, to - Math.max(from, until))
    until = Math.max(until, to)
  }
  return span.durationMs - covered
}
