import {
  type Attributes,
  type AttributeValue,
  createTraceState,
  type Exception,
  type Link,
  type Span,
  type SpanContext,
  type SpanKind,
  type SpanStatus,
  SpanStatusCode,
  type TimeInput,
  TraceFlags,
} from '@opentelemetry/api'
import { fromUnixMs, monotonicMs } from './clock.ts'
import { KEEP_ATTRIBUTE } from './keep.ts'

/** Attributes, events and links of one span: the specification's limit. */
const MAX_ENTRIES = 128

export interface SpanEvent {
  readonly name: string
  readonly timeMs: number
  readonly attributes: Attributes
}

export interface SpanScope {
  readonly name: string
  readonly version: string | undefined
}

/** Takes spans that have ended. */
export interface SpanSink {
  onEnd(span: RecordedSpan): void
}

/** What a span inherits or is given at its start. */
export interface SpanStart {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  /** The `tracestate` header to hand on; empty for none. */
  readonly traceState: string
  /** The trace carries the keep mark. */
  readonly kept: boolean
  readonly late?: boolean | undefined
  readonly kind: SpanKind
  readonly name: string
  /** Monotonic milliseconds. */
  readonly startMs: number
  readonly scope: SpanScope
}

function toMonotonic(time: TimeInput | undefined): number {
  if (time === undefined) return monotonicMs()
  if (time instanceof Date) return fromUnixMs(time.getTime())
  if (Array.isArray(time)) return fromUnixMs(time[0] * 1e3 + time[1] / 1e6)
  // The API takes epoch milliseconds or a performance.now() reading, told apart by their size.
  return time > 1e11 ? fromUnixMs(time) : time
}

/**
 * A span as plain data: attributes lie in one flat array in the order they were set, nothing is copied
 * and nothing is built for export before the end.
 */
export class RecordedSpan implements Span {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly traceState: string
  readonly kept: boolean
  readonly kind: SpanKind
  readonly scope: SpanScope
  readonly startMs: number
  /**
   * Belongs to a message that was waiting: the tail sampler may have decided about the trace before, so that an
   * error or a long duration keeps nothing any more. Children inherit it.
   */
  late: boolean
  /** Monotonic milliseconds; 0 while the span runs. */
  endMs = 0
  name: string
  statusCode: SpanStatusCode = SpanStatusCode.UNSET
  statusMessage = ''
  /** Key, value, key, value. */
  readonly attributes: AttributeValue[] = []
  events: SpanEvent[] | undefined
  links: Link[] | undefined
  droppedAttributes = 0
  droppedEvents = 0
  readonly #sink: SpanSink

  constructor(start: SpanStart, sink: SpanSink) {
    this.traceId = start.traceId
    this.spanId = start.spanId
    this.parentSpanId = start.parentSpanId
    this.traceState = start.traceState
    this.kept = start.kept
    this.late = start.late ?? false
    this.kind = start.kind
    this.scope = start.scope
    this.startMs = start.startMs
    this.name = start.name
    this.#sink = sink
  }

  spanContext(): SpanContext {
    const { traceId, spanId, traceState } = this
    const context: SpanContext = { traceId, spanId, traceFlags: TraceFlags.SAMPLED }
    return traceState === '' ? context : { ...context, traceState: createTraceState(traceState) }
  }

  /** Adds an attribute whose key is known not to be there yet. */
  pushAttribute(key: string, value: AttributeValue): void {
    this.attributes.push(key, value)
  }

  markKept(): void {
    this.attributes.push(KEEP_ATTRIBUTE, true)
  }

  setAttribute(key: string, value: AttributeValue): this {
    if (value === undefined || value === null || key === '' || this.endMs !== 0) return this
    const { attributes } = this
    for (let index = 0; index < attributes.length; index += 2) {
      if (attributes[index] === key) {
        attributes[index + 1] = value
        return this
      }
    }
    if (attributes.length >= 2 * MAX_ENTRIES) this.droppedAttributes += 1
    else attributes.push(key, value)
    return this
  }

  setAttributes(attributes: Attributes): this {
    for (const key in attributes) {
      const value = attributes[key]
      if (value !== undefined) this.setAttribute(key, value)
    }
    return this
  }

  addEvent(name: string, attributesOrTime?: Attributes | TimeInput, time?: TimeInput): this {
    if (this.endMs !== 0) return this
    const isTime = isTimeInput(attributesOrTime)
    const attributes = isTime ? {} : (attributesOrTime ?? {})
    const timeMs = toMonotonic(isTime ? attributesOrTime : time)
    this.events ??= []
    if (this.events.length >= MAX_ENTRIES) this.droppedEvents += 1
    else this.events.push({ name, timeMs, attributes })
    return this
  }

  addLink(link: Link): this {
    this.links ??= []
    if (this.links.length < MAX_ENTRIES) this.links.push(link)
    return this
  }

  addLinks(links: Link[]): this {
    for (const link of links) this.addLink(link)
    return this
  }

  setStatus(status: SpanStatus): this {
    if (this.endMs !== 0) return this
    this.statusCode = status.code
    this.statusMessage = status.code === SpanStatusCode.ERROR ? (status.message ?? '') : ''
    return this
  }

  updateName(name: string): this {
    if (this.endMs === 0) this.name = name
    return this
  }

  recordException(exception: Exception, time?: TimeInput): void {
    const attributes: Attributes = {}
    if (typeof exception === 'string') attributes['exception.message'] = exception
    else {
      const type = exception.code ?? exception.name
      if (type !== undefined) attributes['exception.type'] = String(type)
      if (exception.message !== undefined) attributes['exception.message'] = exception.message
      if (exception.stack !== undefined) attributes['exception.stacktrace'] = exception.stack
    }
    this.addEvent('exception', attributes, time)
  }

  isRecording(): boolean {
    return this.endMs === 0
  }

  end(endTime?: TimeInput): void {
    this.endAt(toMonotonic(endTime))
  }

  /** Ends the span. @param endMs monotonic milliseconds */
  endAt(endMs: number): void {
    if (this.endMs !== 0) return
    this.endMs = Math.max(endMs, this.startMs)
    this.#sink.onEnd(this)
  }
}

function isTimeInput(value: Attributes | TimeInput | undefined): value is TimeInput {
  return typeof value === 'number' || value instanceof Date || Array.isArray(value)
}

export { toMonotonic }
