import type { Span, Trace } from '@faultline/backends-client'
import type { Cause } from '../drill.ts'

/** Where the cause was seen. */
export interface SeenCause {
  readonly traceId: string
  readonly spanId: string
  readonly service: string
  readonly span: string
  /** How many spans of the trace are of that service and name. */
  readonly times: number
  /** Share of the trace's longest span in which at least one of them was under way. */
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
  const like = trace.spans.filter(
    ({ serviceName, name }) => serviceName === culprit.serviceName && name === culprit.name,
  )
  const whole = trace.spans.reduce((a, b) => (b.durationMs > a.durationMs ? b : a))
  return {
    traceId: trace.traceId,
    spanId: culprit.spanId,
    service: culprit.serviceName,
    span: culprit.name,
    times: like.length,
    share: whole.durationMs === 0 ? 0 : timeCovered(like, whole) / whole.durationMs,
  }
}

/** Time of a span in which none of its children ran, in ms. */
export function ownTime(span: Span, spans: readonly Span[]): number {
  const children = spans.filter(({ parentSpanId }) => parentSpanId === span.spanId)
  return span.durationMs - timeCovered(children, span)
}

/** Time of a span in which at least one of others was under way, in ms. */
function timeCovered(others: readonly Span[], span: Span): number {
  const end = span.startMs + span.durationMs
  const intervals = others
    .map(({ startMs, durationMs }): [number, number] => [
      Math.max(startMs, span.startMs),
      Math.min(startMs + durationMs, end),
    ])
    .sort(([a], [b]) => a - b)
  let covered = 0
  let until = span.startMs
  for (const [from, to] of intervals) {
    covered += Math.max(0, to - Math.max(from, until))
    until = Math.max(until, to)
  }
  return covered
}
