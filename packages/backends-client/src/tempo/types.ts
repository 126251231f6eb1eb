/** Value of an attribute; 64-bit integers beyond 2^53 lose precision. */
export type AttributeValue =
  | string
  | number
  | boolean
  | readonly AttributeValue[]
  | { readonly [key: string]: AttributeValue }
  | null
export type Attributes = Readonly<Record<string, AttributeValue>>

export type SpanKind = 'unspecified' | 'internal' | 'server' | 'client' | 'producer' | 'consumer'

export interface SpanEvent {
  readonly name: string
  /** Epoch milliseconds. */
  readonly timeMs: number
  readonly attributes: Attributes
}

export interface SpanLink {
  readonly traceId: string
  readonly spanId: string
  readonly attributes: Attributes
}

export interface Span {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** 16 hexadecimal digits. */
  readonly spanId: string
  /** Undefined on the span that started the trace. */
  readonly parentSpanId: string | undefined
  readonly name: string
  readonly kind: SpanKind
  /** Epoch milliseconds. */
  readonly startMs: number
  /** Milliseconds, to the nanosecond. */
  readonly durationMs: number
  readonly status: 'unset' | 'ok' | 'error'
  readonly statusMessage: string
  /** W3C trace state, empty where none came. */
  readonly traceState: string
  readonly attributes: Attributes
  readonly events: readonly SpanEvent[]
  readonly links: readonly SpanLink[]
  /** Attributes of the resource that made it. */
  readonly resource: Attributes
  /** `service.name` of the resource, empty where it has none. */
  readonly serviceName: string
  /** Name of the instrumentation scope. */
  readonly scope: string
}

/** A stored trace, its spans flat and by start. */
export interface Trace {
  readonly traceId: string
  readonly spans: readonly Span[]
}

/** A span as a search shows it: only the attributes that the query names. */
export interface FoundSpan {
  readonly spanId: string
  readonly name: string
  /** Epoch milliseconds. */
  readonly startMs: number
  readonly durationMs: number
  readonly attributes: Attributes
}

/** A trace that a search found. */
export interface FoundTrace {
  readonly traceId: string
  /** Empty where the root span is not stored. */
  readonly rootServiceName: string
  readonly rootTraceName: string
  /** Epoch milliseconds. */
  readonly startMs: number
  readonly durationMs: number
  /** Spans that match, as many as `spansPerSpanSet` allows. */
  readonly spans: readonly FoundSpan[]
  /** How many spans match in all. */
  readonly matched: number
}

/** Attribute names by where they stand: `resource`, `span`, `intrinsic`, `event`, … */
export type TagNames = Readonly<Record<string, readonly string[]>>
