import type { TraceSegmentIndex } from './segment-index.ts'
import { summarize, type TraceIndex, type TracePart, type TraceSummary, traceIdOf } from './trace-index.ts'
import { type Field, type Intrinsic, KINDS, type Spanset, STATUSES, type Value } from './traceql/ast.ts'
import { compile } from './traceql/evaluate.ts'
import { type ReadField, Reading } from './traceql/reading.ts'

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
    const spans = parts.flatMap((part) => part.index.spansOf(part.trace).map((row) => ({ ...part, row })))
    inspectedTraces += 1
    inspectedSpans += spans.length
    cursor.enterTrace(parts)
    const selected = select(spans, cursor)
    if (selected.size > 0) traces.push({ parts, spans: inOrder(selected) })
  }
  const fieldsOf = (span: MatchedSpan, parts: readonly TracePart[]): readonly ReadField[] => {
    cursor.enterTrace(parts)
    cursor.moveTo(span)
    return reading.fields(cursor.value)
  }
  return { traces, fieldsOf, inspectedTraces, inspectedSpans }
}

/** Value of a field of one span. */
export function fieldOf(span: MatchedSpan, parts: readonly TracePart[], field: Field): Value {
  const cursor = new SpanCursor()
  cursor.enterTrace(parts)
  cursor.moveTo(span)
  return cursor.value(field)
}

function* tracesOf(index: TraceIndex, window: TimeWindow): Generator<readonly TracePart[]> {
  for (const segment of index.list().toReversed()) {
    for (let trace = segment.traceCount - 1; trace >= 0; trace -= 1) {
      const parts = segment.isInOtherSegment(trace)
        ? index.parts(segment.traceKey(trace))
        : [{ index: segment, trace }]
      // A trace in several segments is looked at once, where its newest part lies.
      if (parts.at(-1)?.index !== segment) continue
      const startMs = Math.min(...parts.map((part) => part.index.traceStartMs.get(part.trace)))
      const endMs = Math.max(...parts.map((part) => part.index.traceEndMs.get(part.trace)))
      if (startMs <= window.endMs && endMs >= window.startMs) yield parts
    }
  }
}

type Selector = (spans: readonly MatchedSpan[], cursor: SpanCursor) => ReadonlySet<MatchedSpan>

const NONE: ReadonlySet<MatchedSpan> = new Set()

function selector(spanset: Spanset, reading: Reading): Selector {
  if (spanset.kind === 'filter') {
    const condition = compile(spanset.expression)
    return (spans, cursor) => {
      const read = (field: Field): Value => reading.value(cursor.value, field)
      const selected = new Set<MatchedSpan>()
      for (const span of spans) {
        cursor.moveTo(span)
        if (condition(read)) selected.add(span)
      }
      return selected
    }
  }
  const left = selector(spanset.left, reading)
  const right = selector(spanset.right, reading)
  const needsBoth = spanset.operator === '&&'
  return (spans, cursor) => {
    const a = left(spans, cursor)
    if (needsBoth && a.size === 0) return NONE
    const b = right(spans, cursor)
    return needsBoth && b.size === 0 ? NONE : a.union(b)
  }
}

/** By start; a span that was stored twice (a retried export) is taken once. */
function inOrder(selected: ReadonlySet<MatchedSpan>): MatchedSpan[] {
  const spans = new Map([...selected].map((span) => [span.index.identity(span.row), span]))
  const startOf = ({ index, row }: MatchedSpan): bigint => index.start(row)
  return [...spans.values()].sort((a, b) => (startOf(a) < startOf(b) ? -1 : startOf(a) > startOf(b) ? 1 : 0))
}

/** One span of the index at a time, as TraceQL conditions see it. Moved from span to span, so nothing is allocated. */
class SpanCursor {
  #parts: readonly TracePart[] = []
  #summary: TraceSummary | undefined
  #span: MatchedSpan | undefined

  /** The trace that the next spans belong to. */
  enterTrace(parts: readonly TracePart[]): void {
    this.#parts = parts
    this.#summary = undefined
  }

  moveTo(span: MatchedSpan): void {
    this.#span = span
  }

  readonly value = (field: Field): Value => {
    if (this.#span === undefined) return undefined
    if (field.kind === 'intrinsic') return this.#intrinsic(field.name, this.#span)
    const { index, row } = this.#span
    const key = index.keys.find(field.name)
    if (key === undefined) return undefined
    const own = field.scope === 'resource' ? undefined : index.spanAttributes.get(row, key)
    if (own !== undefined || field.scope === 'span') return own
    return index.resourceAttributes.get(index.resource.get(row), key)
  }

  #intrinsic(name: Intrinsic, { index, row }: MatchedSpan): Value {
    switch (name) {
      case 'name':
        return index.name(row)
      case 'status':
        return STATUSES[index.status.get(row)]
      case 'statusMessage':
        return index.statusMessage(row)
      case 'kind':
        return KINDS[index.kind.get(row)]
      case 'duration':
        return index.duration.get(row)
      case 'span:id':
        return index.spanId(row)
      case 'span:parentID':
        return index.isRoot(row) ? undefined : index.parentId(row)
      case 'rootName':
        return this.#trace().rootName
      case 'rootServiceName':
        return this.#trace().rootService
      case 'traceDuration':
        return this.#trace().durationNanos
      case 'trace:id':
        return traceIdOf(this.#parts)
    }
  }

  #trace(): TraceSummary {
    this.#summary ??= summarize(this.#parts)
    return this.#summary
  }
}
