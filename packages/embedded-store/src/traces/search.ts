import type { TraceSegmentIndex } from './segment-index.ts'
import { SpanCursor } from './span-cursor.ts'
import type { TraceIndex, TracePart } from './trace-index.ts'
import type { Field, Spanset } from './traceql/ast.ts'
import { type Condition, compile } from './traceql/evaluate.ts'
import { type ReadField, Reading } from './traceql/reading.ts'
import type { Value } from './traceql/values.ts'

export interface TimeWindow {
  /** Milliseconds since the epoch; a trace fits when any part of it lies inside. */
  readonly startMs: number
  readonly endMs: number
}

export interface MatchedSpan {
  readonly index: TraceSegmentIndex
  readonly row: number
}

export interface MatchedTrace {
  readonly parts: readonly TracePart[]
  /** Spans that the query selects, in order of start; each once. */
  readonly spans: readonly MatchedSpan[]
}

/** Result of a search with what it cost. */
export interface SearchOutcome {
  readonly traces: readonly MatchedTrace[]
  /** What the query reads of a span that it found. */
  fieldsOf(span: MatchedSpan, parts: readonly TracePart[]): readonly ReadField[]
  readonly inspectedTraces: number
  readonly inspectedSpans: number
}

/** Finds traces of the window, from the newest segment backwards, until there are `limit` of them. */
export function search(index: TraceIndex, query: Spanset, window: TimeWindow, limit: number): SearchOutcome {
  const reading = new Reading(query)
  const select = selector(query, reading)
  const cursor = new SpanCursor()
  const traces: MatchedTrace[] = []
  let inspectedTraces = 0
  let inspectedSpans = 0
  for (const parts of tracesOf(index, window)) {
    if (traces.length >= limit) break
    const spans = spansOf(parts)
    inspectedTraces += 1
    inspectedSpans += spans.length
    cursor.enterTrace(parts)
    const selected = select(spans, cursor)
    if (selected.size > 0) traces.push({ parts, spans: inOrder(selected) })
  }
  const fieldsOf = (
    { index: segment, row }: MatchedSpan,
    parts: readonly TracePart[],
  ): readonly ReadField[] => {
    cursor.enterTrace(parts)
    cursor.moveTo(segment, row)
    return reading.fields(cursor)
  }
  return { traces, fieldsOf, inspectedTraces, inspectedSpans }
}

/** Value of a field of one span. */
export function fieldOf({ index, row }: MatchedSpan, parts: readonly TracePart[], field: Field): Value {
  const cursor = new SpanCursor()
  cursor.enterTrace(parts)
  cursor.moveTo(index, row)
  return cursor.value(field)
}

function* tracesOf(index: TraceIndex, window: TimeWindow): Generator<readonly TracePart[]> {
  for (const segment of index.list().toReversed()) {
    for (let trace = segment.traceCount - 1; trace >= 0; trace -= 1) {
      const parts = partsOf(index, segment, trace)
      // A trace in several segments is looked at once, where its newest part lies.
      if (parts.at(-1)?.index !== segment) continue
      const startMs = Math.min(...parts.map((part) => part.index.traceStartMs(part.trace)))
      const endMs = Math.max(...parts.map((part) => part.index.traceEndMs(part.trace)))
      if (startMs <= window.endMs && endMs >= window.startMs) yield parts
    }
  }
}

function partsOf(index: TraceIndex, segment: TraceSegmentIndex, trace: number): readonly TracePart[] {
  if (!segment.isInOtherSegment(trace)) return [{ index: segment, trace }]
  return index.parts(segment.traceKey(trace))
}

function spansOf(parts: readonly TracePart[]): readonly MatchedSpan[] {
  return parts.flatMap(({ index, trace }) => index.spansOf(trace).map((row) => ({ index, row })))
}

type Selector = (spans: readonly MatchedSpan[], cursor: SpanCursor) => ReadonlySet<MatchedSpan>

const NONE: ReadonlySet<MatchedSpan> = new Set()

function selector(spanset: Spanset, reading: Reading): Selector {
  if (spanset.kind === 'filter') return filterSelector(compile(spanset.expression), reading)
  const left = selector(spanset.left, reading)
  const right = selector(spanset.right, reading)
  const needsBoth = spanset.operator === '&&'
  return (spans, cursor) => {
    const a = left(spans, cursor)
    if (needsBoth && a.size === 0) return NONE
    const b = right(spans, cursor)
    return needsBoth && b.size === 0 ? NONE : new Set([...a, ...b])
  }
}

function filterSelector(condition: Condition, reading: Reading): Selector {
  return (spans, cursor) => {
    const read = (field: Field): Value => reading.value(cursor, field)
    const selected = new Set<MatchedSpan>()
    for (const span of spans) {
      cursor.moveTo(span.index, span.row)
      if (condition(read)) selected.add(span)
    }
    return selected
  }
}

/** By start; a span that was stored twice (a retried export) is taken once. */
function inOrder(selected: ReadonlySet<MatchedSpan>): MatchedSpan[] {
  const spans = new Map<string, MatchedSpan>()
  for (const span of selected) spans.set(`${span.index.spanId(span.row)}${span.index.kind(span.row)}`, span)
  const startOf = ({ index, row }: MatchedSpan): bigint => index.start(row)
  return [...spans.values()].sort((a, b) => (startOf(a) < startOf(b) ? -1 : startOf(a) > startOf(b) ? 1 : 0))
}
