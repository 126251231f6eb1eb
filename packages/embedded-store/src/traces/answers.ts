import { type JsonValue, toBinary, toJson } from '@bufbuild/protobuf'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { type TracesData, TracesDataSchema } from '../generated/opentelemetry/proto/trace/v1/trace_pb.js'
import type { MatchedSpan, MatchedTrace, SearchOutcome } from './search.ts'
import { traceIdOf } from './trace-index.ts'
import { isList, type Scalar } from './traceql/ast.ts'
import type { ReadField, Reading } from './traceql/reading.ts'

const ROOT_NOT_YET_RECEIVED = '<root span not yet received>'
/** Intrinsics that Tempo does not repeat among a found span's attributes. */
const NOT_REPEATED = new Set([
  'name',
  'duration',
  'traceDuration',
  'rootName',
  'rootServiceName',
  'trace:id',
  'span:id',
])
const NANOS_PER_MILLI = 1e6

/** Versions of the API that gives a trace by its id. */
export type TraceApi = 1 | 2

/** Protobuf JSON, with the name `batches` for OTLP's `resourceSpans` in 1, in Tempo's `TraceByIDResponse` in 2. */
export function traceJson(trace: TracesData, api: TraceApi): JsonValue {
  const json = toJson(TracesDataSchema, trace) as { resourceSpans?: JsonValue }
  return api === 1 ? { batches: json.resourceSpans ?? [] } : { trace: json, metrics: {} }
}

/** The trace as protobuf: `Trace` in 1, the same in field 1 of `TraceByIDResponse` in 2. */
export function traceProtobuf(trace: TracesData, api: TraceApi): Uint8Array {
  const bytes = toBinary(TracesDataSchema, trace)
  return api === 1 ? bytes : new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(bytes).finish()
}

/**
 * Body of `GET /api/search`, newest trace first; zero and empty values are left out as protobuf JSON does. Without a
 * number of spans per trace it describes the traces alone, as Tempo does for a search without a query.
 */
export function searchJson(outcome: SearchOutcome, spansPerSpanset: number | undefined): JsonValue {
  const { reading, inspectedTraces, inspectedSpans } = outcome
  const traces = outcome.traces
    .toSorted((a, b) => (a.summary().startNanos > b.summary().startNanos ? -1 : 1))
    .map((trace) => ({
      ...foundJson(trace),
      ...(spansPerSpanset !== undefined && spansetsJson(trace, reading, spansPerSpanset)),
    }))
  return {
    traces,
    metrics: { inspectedTraces, inspectedSpans: String(inspectedSpans), completedJobs: 1, totalJobs: 1 },
  }
}

function foundJson({ parts, summary }: MatchedTrace) {
  const { rootService, rootName, startNanos, durationNanos } = summary()
  const durationMs = Math.floor(durationNanos / NANOS_PER_MILLI)
  return {
    traceID: traceIdOf(parts).replace(/^0+/, ''),
    rootServiceName: rootService === '' ? ROOT_NOT_YET_RECEIVED : rootService,
    ...(rootName !== '' && { rootTraceName: rootName }),
    startTimeUnixNano: String(startNanos),
    ...(durationMs > 0 && { durationMs }),
  }
}

function spansetsJson({ spans, summary, stored }: MatchedTrace, reading: Reading, spansPerSpanset: number) {
  const spanSet = {
    spans: spans.slice(0, spansPerSpanset).map((span) => spanJson(span, reading.fields(stored(span)))),
    matched: spans.length,
  }
  const serviceStats = Object.fromEntries(
    [...summary().services].map(([service, { spanCount, errorCount }]) => [
      service,
      { spanCount, ...(errorCount > 0 && { errorCount }) },
    ]),
  )
  return { spanSet, spanSets: [spanSet], serviceStats }
}

function spanJson({ index, row }: MatchedSpan, fields: readonly ReadField[]): JsonValue {
  const attributes = fields
    .filter(({ field }) => field.kind === 'attribute' || !NOT_REPEATED.has(field.name))
    .map(({ field, value }) => ({ key: field.name, value: anyValueJson(value) }))
  const durationNanos = index.duration.get(row)
  const name = fields.find(({ field }) => field.kind === 'intrinsic' && field.name === 'name')?.value
  return {
    spanID: index.spanId.get(row),
    ...(typeof name === 'string' && name !== '' && { name }),
    startTimeUnixNano: String(index.start(row)),
    ...(durationNanos > 0 && { durationNanos: String(durationNanos) }),
    ...(attributes.length > 0 && { attributes }),
  }
}

function anyValueJson(value: Scalar | readonly Scalar[]): JsonValue {
  if (isList(value)) return { arrayValue: { values: value.map(anyValueJson) } }
  if (typeof value === 'string') return { stringValue: value }
  if (typeof value === 'boolean') return { boolValue: value }
  if (typeof value === 'number') return { intValue: String(value) }
  return value.type === 'double' ? { doubleValue: value.value } : { stringValue: value.word }
}
