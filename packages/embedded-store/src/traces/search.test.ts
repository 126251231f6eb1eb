import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { queries } from '../../test/support/traceql.ts'
import { type PlainSpan, type PlainValue, traceRequest } from '../../test/support/traces.ts'
import { search } from './search.ts'
import { TraceIndex, traceIdOf } from './trace-index.ts'
import {
  type Expression,
  type Field,
  type Keyword,
  KINDS,
  type Literal,
  type Spanset,
  STATUSES,
} from './traceql/ast.ts'
import { parseTraceql } from './traceql/parser.ts'

const ALWAYS = { startMs: 0, endMs: Number.POSITIVE_INFINITY }
const BASE_NANOS = 1_700_000_000_000_000_000n
const MIB = 1024 * 1024

/** Stores each batch in a segment of its own number. */
function indexOf(batches: readonly (readonly [segment: number, spans: readonly PlainSpan[]])[]): TraceIndex {
  const index = new TraceIndex(64 * MIB)
  for (const [segment, spans] of batches) index.add(traceRequest(spans), { segment, offset: 0, length: 0 })
  return index
}

/** Found spans as `trace/span`. */
function found(index: TraceIndex, query: Spanset | string, window = ALWAYS, limit = 1000): string[] {
  const spanset = typeof query === 'string' ? parseTraceql(query) : query
  return search(index, spanset, window, limit)
    .traces.flatMap(({ parts, spans }) => {
      const trace = traceIdOf(parts)
      return spans.map(({ index: segment, row }) => `${trace}/${segment.spanId.get(row)}`)
    })
    .sort()
}

// A second, slow way to the same answer, on the spans as they were sent.

type Known = PlainValue | Keyword | undefined

function valueIn(field: Field, span: PlainSpan, trace: readonly PlainSpan[]): Known {
  if (field.kind === 'attribute') {
    const own = field.scope === 'resource' ? undefined : span.attributes?.[field.name]
    if (own !== undefined || field.scope === 'span') return own
    // Tempo always has a service's name, if an empty one.
    return span.resource?.[field.name] ?? (field.name === 'service.name' ? '' : undefined)
  }
  const root = trace.find(({ parentId }) => parentId === undefined)
  switch (field.name) {
    case 'name':
      return span.name
    case 'statusMessage':
      return span.statusMessage ?? ''
    case 'duration':
      return span.durationNanos
    case 'status':
      return STATUSES[span.status ?? 0]
    case 'kind':
      return KINDS[span.kind ?? 0]
    case 'rootName':
      return root?.name ?? ''
    case 'rootServiceName': {
      const service = root?.resource?.['service.name']
      return typeof service === 'string' ? service : ''
    }
    case 'traceDuration': {
      const starts = trace.map(({ startNanos }) => Number(startNanos - BASE_NANOS))
      const ends = trace.map(
        ({ startNanos, durationNanos }) => Number(startNanos - BASE_NANOS) + durationNanos,
      )
      return Math.max(...ends) - Math.min(...starts)
    }
    default:
      throw new Error(`no model of ${field.name}`)
  }
}

function modelHolds(expression: Expression, span: PlainSpan, trace: readonly PlainSpan[]): boolean {
  switch (expression.kind) {
    case 'logical': {
      const sides = [expression.left, expression.right].map((side) => modelHolds(side, span, trace))
      return expression.operator === '&&' ? sides.every(Boolean) : sides.some(Boolean)
    }
    case 'exists':
      return valueIn(expression.operand, span, trace) !== undefined
    case 'comparison': {
      const value = valueIn(expression.left, span, trace)
      return value !== undefined && modelCompare(expression.operator, value, expression.right.value)
    }
    case 'constant':
      return expression.value
  }
}

function modelCompare(operator: string, left: Known, right: Literal['value']): boolean {
  if (typeof left !== typeof right) return false
  const a = typeof left === 'object' ? JSON.stringify(left) : left
  const b = typeof right === 'object' ? JSON.stringify(right) : right
  if (operator === '=') return a === b
  if (operator === '!=') return a !== b
  if (operator === '=~' || operator === '!~') {
    return typeof a === 'string' && new RegExp(`^(?:${b})$`, 's').test(a) === (operator === '=~')
  }
  if (typeof a === 'boolean' || a === undefined || b === undefined) return false
  const order = a < b ? -1 : a > b ? 1 : 0
  return { '<': order < 0, '<=': order <= 0, '>': order > 0, '>=': order >= 0 }[operator] ?? false
}

function modelSelect(query: Spanset, trace: readonly PlainSpan[]): readonly PlainSpan[] {
  if (query.kind === 'filter') return trace.filter((span) => modelHolds(query.expression, span, trace))
  const left = modelSelect(query.left, trace)
  const right = modelSelect(query.right, trace)
  if (query.operator === '&&' && (left.length === 0 || right.length === 0)) return []
  return [...new Set([...left, ...right])]
}

const TEXTS = ['', 'a', 'ab', 'b', 'abc']
const text = fc.constantFrom(...TEXTS)
const integer = fc.integer({ min: -3, max: 6 })
/** One type for each, as attributes have. What Tempo does with several is in the conformance cases. */
const attributes = fc.record(
  { text, number: integer, truth: fc.boolean(), 'service.name': text },
  { requiredKeys: [] },
)
const span = fc.record({
  name: fc.constantFrom(...TEXTS),
  kind: fc.nat(5),
  status: fc.nat(2),
  statusMessage: fc.constantFrom(...TEXTS),
  start: fc.nat(5),
  durationNanos: fc.nat(6),
  attributes,
  resource: attributes,
})

/** Traces of up to four spans, the first of which is the root; each span in one of three segments. */
const traces = fc
  .array(fc.array(fc.tuple(span, fc.nat(2)), { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 5 })
  .map((list) =>
    list.map((spans, trace) =>
      spans.map(([{ start, ...fields }, segment], position) => {
        const plain: PlainSpan = {
          ...fields,
          traceId: (trace + 1).toString(16).padStart(32, '0'),
          spanId: (position + 1).toString(16).padStart(16, '0'),
          ...(position > 0 && { parentId: '0000000000000001' }),
          startNanos: BASE_NANOS + BigInt(start),
        }
        return { plain, segment }
      }),
    ),
  )

test('a search finds the spans that a naive evaluation finds, however a trace is spread over segments', {
  timeout: 60_000,
}, () => {
  const domain = {
    names: fc.constantFrom('text', 'number', 'truth', 'service.name'),
    texts: text,
    numbers: integer.map((value): Literal => ({ kind: 'literal', type: 'integer', value })),
  }
  fc.assert(
    fc.property(traces, queries(domain), (list, query) => {
      const index = indexOf(list.flat().map(({ plain, segment }) => [segment, [plain]]))
      const expected = list.flatMap((spans) =>
        modelSelect(
          query,
          spans.map(({ plain }) => plain),
        ).map(({ traceId, spanId }) => `${traceId}/${spanId}`),
      )
      expect(found(index, query)).toEqual(expected.sort())
    }),
    { numRuns: 800 },
  )
})

function plainSpan(trace: number, changes: Partial<PlainSpan> = {}): PlainSpan {
  return {
    traceId: trace.toString(16).padStart(32, '0'),
    spanId: '00000000000000aa',
    name: 'GET /',
    startNanos: BASE_NANOS + BigInt(trace) * 1_000_000_000n,
    durationNanos: 1_000_000,
    ...changes,
  }
}

describe('search', () => {
  test('a trace belongs to a window when any part of it lies inside', () => {
    const index = indexOf([[1, [plainSpan(10, { durationNanos: 5e9 })]]])
    const at = (seconds: number): number => Number(BASE_NANOS / 1_000_000n) + seconds * 1000
    expect(found(index, '{}', { startMs: at(5), endMs: at(9) })).toHaveLength(0)
    expect(found(index, '{}', { startMs: at(5), endMs: at(10) })).toHaveLength(1)
    expect(found(index, '{}', { startMs: at(14), endMs: at(20) })).toHaveLength(1)
    expect(found(index, '{}', { startMs: at(16), endMs: at(20) })).toHaveLength(0)
  })

  test('the limit keeps the traces that came last', () => {
    const index = indexOf([1, 2, 3].map((trace) => [trace, [plainSpan(trace)]]))
    const kept = found(index, '{}', ALWAYS, 2).map((name) => name.slice(30, 32))
    expect(kept).toEqual(['02', '03'])
  })

  test('a span that was stored twice is found once', () => {
    const index = indexOf([
      [1, [plainSpan(1)]],
      [1, [plainSpan(1)]],
      [2, [plainSpan(1)]],
    ])
    expect(found(index, '{ name = "GET /" }')).toHaveLength(1)
  })

  test('a dropped segment is no longer found, the rest of its traces is', () => {
    const index = indexOf([
      [1, [plainSpan(1)]],
      [2, [plainSpan(1, { spanId: '00000000000000bb', parentId: '00000000000000aa' })]],
    ])
    index.drop(1)
    expect(found(index, '{}')).toEqual([`${'1'.padStart(32, '0')}/00000000000000bb`])
  })
})
