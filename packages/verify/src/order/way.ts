import type { Span, SpanKind, Trace } from '@faultline/backends-client'

/** A station that the trace of an order passes. */
export interface WayStation {
  readonly name: string
  readonly service: string
  readonly kind: Extract<SpanKind, 'server' | 'producer' | 'consumer'>
  /** Name of the station from which the context comes; undefined: from verify's own request. */
  readonly from: string | undefined
}

/** The way of an order: the one thing that verify knows about the box office by name. */
export const orderWay: readonly WayStation[] = [
  { name: 'gateway', service: 'gateway', kind: 'server', from: undefined },
  { name: 'booking', service: 'booking', kind: 'server', from: 'gateway' },
  { name: 'payments', service: 'payments', kind: 'server', from: 'booking' },
  { name: 'payment-provider', service: 'payment-provider', kind: 'server', from: 'payments' },
  { name: 'publish', service: 'booking', kind: 'producer', from: 'booking' },
  { name: 'consume', service: 'ticketing', kind: 'consumer', from: 'publish' },
]

/** Spans of a station. */
export function spansAt(trace: Trace, { service, kind }: WayStation): Span[] {
  return trace.spans.filter((span) => span.serviceName === service && span.kind === kind)
}

/** Whether a span has one of `ancestors` above it. */
export function descendsFrom(trace: Trace, span: Span, ancestors: readonly Span[]): boolean {
  const byId = new Map(trace.spans.map((one) => [one.spanId, one]))
  const wanted = new Set(ancestors.map(({ spanId }) => spanId))
  const seen = new Set<string>()
  let parent = span.parentSpanId
  while (parent !== undefined && !seen.has(parent)) {
    if (wanted.has(parent)) return true
    seen.add(parent)
    parent = byId.get(parent)?.parentSpanId
  }
  return false
}
