import type { ExportTraceServiceRequest } from '../generated/opentelemetry/proto/collector/trace/v1/trace_service_pb.js'
import type { KeyValue } from '../generated/opentelemetry/proto/common/v1/common_pb.js'
import type { Span } from '../generated/opentelemetry/proto/trace/v1/trace_pb.js'
import { Column, IdColumn, StringTable, totalBytes } from '../storage/columns.ts'
import type { FrameLocation } from '../storage/segment-file.ts'
import type { SegmentIndex } from '../storage/segment-indexes.ts'
import { AttributeTable } from './attribute-table.ts'

const NANOS_PER_SECOND = 1_000_000_000n
/** Estimated bytes of a trace: its key, its map slot and its columns. */
const TRACE_BYTES = 136
const FRAME_BYTES = 64
const NONE = 0xffffffff

/**
 * Index of the spans in one segment file: numbers in typed arrays, texts in dictionaries. It holds what queries look
 * at; whole spans are read from the segment. Dropping the segment drops it all.
 */
export class TraceSegmentIndex implements SegmentIndex {
  readonly segment: number
  readonly strings = new StringTable()
  readonly keys = new StringTable()
  readonly spanAttributes = new AttributeTable(this.keys, this.strings)
  readonly resourceAttributes = new AttributeTable(this.keys, this.strings)
  /** Names of attributes that can be listed but not asked for. */
  readonly otherKeys = {
    event: new Set<string>(),
    link: new Set<string>(),
    instrumentation: new Set<string>(),
  }
  readonly #traces = new StringTable()
  readonly #frames: FrameLocation[] = []

  // By row of a span.
  readonly #trace = new Column(Uint32Array)
  readonly #next = new Column(Uint32Array)
  readonly #frame = new Column(Uint32Array)
  /** Row in `resourceAttributes`. */
  readonly resource = new Column(Uint32Array)
  readonly #startSeconds = new Column(Uint32Array)
  readonly #startNanos = new Column(Uint32Array)
  /** Nanoseconds. */
  readonly duration = new Column(Float64Array)
  readonly #name = new Column(Uint32Array)
  readonly kind = new Column(Uint8Array)
  readonly status = new Column(Uint8Array)
  readonly #statusMessage = new Column(Uint32Array)
  readonly spanId = new IdColumn()
  /** Zeros for a root span. */
  readonly parentId = new IdColumn()

  // By row of a trace.
  readonly #firstSpan = new Column(Uint32Array)
  readonly traceStartMs = new Column(Float64Array)
  readonly traceEndMs = new Column(Float64Array)
  readonly #inOtherSegment = new Column(Uint8Array)

  #startMs = Number.POSITIVE_INFINITY
  #endMs = 0

  constructor(segment: number) {
    this.segment = segment
  }

  /** Adds all spans of a decoded batch that lies at `frame`. */
  add(request: ExportTraceServiceRequest, frame: FrameLocation): void {
    const frameRow = this.#frames.push(frame) - 1
    for (const { resource, scopeSpans } of request.resourceSpans) {
      const resourceRow = this.resourceAttributes.add(resource?.attributes ?? [])
      for (const { scope, spans } of scopeSpans) {
        addKeys(this.otherKeys.instrumentation, scope?.attributes ?? [])
        for (const span of spans) this.#addSpan(span, resourceRow, frameRow)
      }
    }
  }

  #addSpan(span: Span, resource: number, frame: number): void {
    const trace = this.#traceRow(span.traceId)
    const startMs = Number(span.startTimeUnixNano) / 1e6
    const endMs = Math.max(startMs, Number(span.endTimeUnixNano) / 1e6)
    this.spanAttributes.add(span.attributes)
    for (const { attributes } of span.events) addKeys(this.otherKeys.event, attributes)
    for (const { attributes } of span.links) addKeys(this.otherKeys.link, attributes)
    this.#frame.push(frame)
    this.resource.push(resource)
    this.#startSeconds.push(Number(span.startTimeUnixNano / NANOS_PER_SECOND))
    this.#startNanos.push(Number(span.startTimeUnixNano % NANOS_PER_SECOND))
    this.duration.push(Math.max(0, Number(span.endTimeUnixNano - span.startTimeUnixNano)))
    this.#name.push(this.strings.add(span.name))
    this.kind.push(span.kind)
    this.status.push(span.status?.code ?? 0)
    this.#statusMessage.push(this.strings.add(span.status?.message ?? ''))
    this.spanId.push(span.spanId)
    this.parentId.push(span.parentSpanId)
    const row = this.#trace.push(trace)
    this.#next.push(this.#firstSpan.get(trace))
    this.#firstSpan.set(trace, row)
    this.#startMs = Math.min(this.#startMs, startMs)
    this.#endMs = Math.max(this.#endMs, endMs)
    if (startMs < this.traceStartMs.get(trace)) this.traceStartMs.set(trace, startMs)
    if (endMs > this.traceEndMs.get(trace)) this.traceEndMs.set(trace, endMs)
  }

  #traceRow(id: Uint8Array): number {
    const row = this.#traces.add(traceKey(id))
    if (row === this.#firstSpan.length) {
      this.#firstSpan.push(NONE)
      this.traceStartMs.push(Number.POSITIVE_INFINITY)
      this.traceEndMs.push(0)
      this.#inOtherSegment.push(0)
    }
    return row
  }

  get itemCount(): number {
    return this.#trace.length
  }

  get traceCount(): number {
    return this.#traces.size
  }

  /** Row of a trace, undefined when none of its spans is here. */
  findTrace(key: string): number | undefined {
    return this.#traces.find(key)
  }

  traceKey(trace: number): string {
    return this.#traces.get(trace)
  }

  /** Whether any trace of the segment may lie in a window of milliseconds since the epoch. */
  overlaps(startMs: number, endMs: number): boolean {
    return this.#startMs <= endMs && this.#endMs >= startMs
  }

  /** Says that spans of the trace are in another segment too. */
  markInOtherSegment(trace: number): void {
    this.#inOtherSegment.set(trace, 1)
  }

  isInOtherSegment(trace: number): boolean {
    return this.#inOtherSegment.get(trace) === 1
  }

  /** Span rows of a trace, last added first. */
  spansOf(trace: number): number[] {
    const rows: number[] = []
    for (let row = this.#firstSpan.get(trace); row !== NONE; row = this.#next.get(row)) rows.push(row)
    return rows
  }

  /** Frames that have spans of the trace, each once. */
  framesOf(trace: number): FrameLocation[] {
    const rows = new Set(this.spansOf(trace).map((row) => this.#frame.get(row)))
    return [...rows].flatMap((row) => this.#frames[row] ?? [])
  }

  name(row: number): string {
    return this.strings.get(this.#name.get(row))
  }

  statusMessage(row: number): string {
    return this.strings.get(this.#statusMessage.get(row))
  }

  /** Spans of the same identity are one span that was sent twice: a client's and a server's span may share an id. */
  identity(row: number): string {
    return `${this.spanId.get(row)}${this.kind.get(row)}`
  }

  /** Nanoseconds since the epoch. */
  start(row: number): bigint {
    return BigInt(this.#startSeconds.get(row)) * NANOS_PER_SECOND + BigInt(this.#startNanos.get(row))
  }

  /** Estimated bytes of memory. */
  get bytes(): number {
    const parts = [
      ...[this.#trace, this.#next, this.#frame, this.resource, this.#startSeconds, this.#startNanos],
      ...[this.duration, this.#name, this.kind, this.status, this.#statusMessage],
      ...[this.spanId, this.parentId, this.strings, this.keys],
      ...[this.spanAttributes, this.resourceAttributes],
    ]
    return totalBytes(parts) + this.#traces.size * TRACE_BYTES + this.#frames.length * FRAME_BYTES
  }
}

/** Trace id as the index keeps it: 16 characters of one byte each, a third of the memory of hexadecimal. */
export function traceKey(id: Uint8Array): string {
  return Buffer.from(id.buffer, id.byteOffset, id.length).toString('latin1')
}

function addKeys(keys: Set<string>, attributes: readonly KeyValue[]): void {
  for (const { key } of attributes) keys.add(key)
}
