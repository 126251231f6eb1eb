import type { TraceSegmentIndex } from './segment-index.ts'
import { summarize, type TraceIndex, type TracePart, type TraceSummary, traceIdOf } from './trace-index.ts'
import {
  type AttributeField,
  type Field,
  type Intrinsic,
  KINDS,
  type Spanset,
  STATUSES,
  type Value,
} from './traceql/ast.ts'
import { compile } from './traceql/evaluate.ts'
import { Reading, type StoredValue } from './traceql/reading.ts'

export interface TimeWindow {
  /** Milliseconds since the epoch; a trace fits when any part of it lies inside. */
  readonly startMs: number
  readonly endMs: number
}

export interface MatchedSpan {
  readonly index: TraceSegmentIndex
  readonly row: number
}

export interface MatchedTrace extends TraceView {
  /** Spans that the query selects, in order of start; each once. */
  readonly spans: readonly MatchedSpan[]
}

/** Result of a search with what it cost. */
export interface SearchOutcome {
  readonly traces: readonly MatchedTrace[]
  /** What the query reads of a span that it found. */
  readonly reading: Reading
  readonly inspectedTraces: number
  readonly inspectedSpans: number
}

/** Finds traces of the window, from the newest segment backwards, until there are `limit` of them. */
export function search(index: TraceIndex, query: Spanset, window: TimeWindow, limit: number): SearchOutcome {
  const reading = new Reading(query)
  const select = selector(query, reading)
  const traces: MatchedTrace[] = []
  let inspectedTraces = 0
  let inspectedSpans = 0
  for (const parts of tracesOf(index, window)) {
    if (traces.length >= limit) break
    const view = traceView(parts)
    const spans = parts.flatMap((part) => part.index.spansOf(part.trace).map((row) => ({ ...part, row })))
    inspectedTraces += 1
    inspectedSpans += spans.length
    const selected = select(spans, view)
    if (selected.size > 0) traces.push({ ...view, spans: inOrder(selected) })
  }
  return { traces, reading, inspectedTraces, inspectedSpans }
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

type Selector = (spans: readonly MatchedSpan[], trace: TraceView) => ReadonlySet<MatchedSpan>

const NONE: ReadonlySet<MatchedSpan> = new Set()

function selector(spanset: Spanset, reading: Reading): Selector {
  if (spanset.kind === 'filter') {
    const condition = compile(spanset.expression)
    return (spans, trace) =>
      new Set(
        spans.filter((span) => {
          const stored = trace.stored(span)
          return condition((field) => reading.value(stored, field))
        }),
      )
  }
  const left = selector(spanset.left, reading)
  const right = selector(spanset.right, reading)
  const needsBoth = spanset.operator === '&&'
  return (spans, trace) => {
    const a = left(spans, trace)
    if (needsBoth && a.size === 0) return NONE
    const b = right(spans, trace)
    return needsBoth && b.size === 0 ? NONE : a.union(b)
  }
}

/** By start; a span that was stored twice (a retried export) is taken once. */
function inOrder(selected: ReadonlySet<MatchedSpan>): MatchedSpan[] {
  const spans = new Map([...selected].map((span) => [span.index.identity(span.row), span]))
  const startOf = ({ index, row }: MatchedSpan): bigint => index.start(row)
  return [...spans.values()].sort((a, b) => (startOf(a) < startOf(b) ? -1 : startOf(a) > startOf(b) ? 1 : 0))
}

/** One trace as TraceQL conditions see it. */
interface TraceView {
  readonly parts: readonly TracePart[]
  summary(): TraceSummary
  stored(span: MatchedSpan): StoredValue
}

function traceView(parts: readonly TracePart[]): TraceView {
  let summarized: TraceSummary | undefined
  const summary = (): TraceSummary => {
    summarized ??= summarize(parts)
    return summarized
  }
  const stored = (span: MatchedSpan) => (field: Field) =>
    field.kind === 'attribute' ? attribute(field, span) : intrinsic(field.name, span)

  function attribute({ scope, name }: AttributeField, { index, row }: MatchedSpan): Value {
    const key = index.keys.find(name)
    if (key === undefined) return undefined
    const own = scope === 'resource' ? undefined : index.spanAttributes.get(row, key)
    if (own !== undefined || scope === 'span') return own
    return index.resourceAttributes.get(index.resource.get(row), key)
  }

  function intrinsic(name: Intrinsic, { index, row }: MatchedSpan): Value {
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
        return index.spanId.get(row)
      case 'span:parentID':
        return index.parentId.isZero(row) ? undefined : index.parentId.get(row)
      case 'rootName':
        return summary().rootName
      case 'rootServiceName':
        return summary().rootService
      case 'traceDuration':
        return summary().durationNanos
      case 'trace:id':
        return traceIdOf(parts)
    }
  }

  return { parts, summary, stored }
}
