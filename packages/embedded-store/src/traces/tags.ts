import { unsupported } from '../refusal.ts'
import { search, type TimeWindow } from './search.ts'
import type { TraceSegmentIndex } from './segment-index.ts'
import type { TraceIndex } from './trace-index.ts'
import {
  type Field,
  INTRINSIC_NAMES,
  intrinsicOf,
  KINDS,
  type Scalar,
  type Spanset,
  STATUSES,
} from './traceql/ast.ts'
import { tokenize } from './traceql/lexer.ts'

/** All intrinsics that Tempo names, including those that conditions cannot use here. */
const INTRINSICS = [
  ...INTRINSIC_NAMES,
  ...['event:name', 'event:timeSinceStart', 'instrumentation:name', 'instrumentation:version'],
  ...['link:spanID', 'link:traceID'],
]

/** Intrinsics whose values would be one for each span. */
const UNBOUNDED = new Set(['duration', 'traceDuration', 'trace:id', 'span:id', 'span:parentID'])

interface TagValue {
  readonly type: string
  readonly value?: string
}

/** Attribute names by scope, of traces that touch the window. @throws {Refusal} for an unknown scope */
export function tagNames(index: TraceIndex, scope: string, window: TimeWindow) {
  const segments = index.list().filter((segment) => segment.overlaps(window.startMs, window.endMs))
  const names = (of: (segment: TraceSegmentIndex) => ReadonlySet<string>): string[] =>
    [...new Set(segments.flatMap((segment) => [...of(segment)]))].sort()
  const all = [
    { name: 'resource', tags: names((segment) => segment.resourceAttributes.usedKeys) },
    { name: 'span', tags: names((segment) => segment.spanAttributes.usedKeys) },
    { name: 'event', tags: names((segment) => segment.otherKeys.event) },
    { name: 'link', tags: names((segment) => segment.otherKeys.link) },
    { name: 'instrumentation', tags: names((segment) => segment.otherKeys.instrumentation) },
    { name: 'intrinsic', tags: INTRINSICS },
  ]
  if (scope === '' || scope === 'none') return all.filter(({ tags }) => tags.length > 0)
  const wanted = all.filter(({ name }) => name === scope)
  if (wanted.length === 0) throw unsupported(`scope "${scope}"`)
  return wanted
}

/**
 * Distinct values of a tag among the spans that the query selects; all words that there are for status and kind.
 * @throws {Refusal} for an unknown tag
 */
export function tagValues(index: TraceIndex, tag: string, query: Spanset, window: TimeWindow): TagValue[] {
  const field = parseTag(tag)
  if (field.kind === 'intrinsic' && UNBOUNDED.has(field.name)) return []
  if (field.kind === 'intrinsic' && (field.name === 'status' || field.name === 'kind')) {
    return (field.name === 'status' ? STATUSES : KINDS).map(describe)
  }
  const isServiceName =
    field.kind === 'attribute' && field.scope === 'resource' && field.name === 'service.name'
  // The one attribute that Tempo always has, if an empty one.
  const absent = isServiceName ? '' : undefined
  const found = new Map<string, TagValue>()
  for (const trace of search(index, query, window, Number.POSITIVE_INFINITY).traces) {
    for (const span of trace.spans) {
      const value = trace.stored(span)(field) ?? absent
      for (const item of Array.isArray(value) ? value : [value]) {
        if (item === undefined) continue
        const described = describe(item)
        found.set(`${described.type} ${described.value}`, described)
      }
    }
  }
  return [...found.values()].sort((a, b) => ((a.value ?? '') < (b.value ?? '') ? -1 : 1))
}

function describe(value: Scalar): TagValue {
  if (typeof value === 'object') {
    return value.type === 'double'
      ? { type: 'float', value: String(value.value) }
      : { type: 'keyword', value: value.word }
  }
  // As protobuf's JSON leaves out what is empty.
  if (typeof value === 'string') return { type: 'string', ...(value !== '' && { value }) }
  if (typeof value === 'boolean') return { type: 'bool', value: String(value) }
  return { type: 'int', value: String(value) }
}

/** A tag as Grafana names it: `.name`, `span.name`, `resource.name` or an intrinsic. */
function parseTag(tag: string): Field {
  const name = intrinsicOf(tag)
  if (name !== undefined) return { kind: 'intrinsic', name }
  const [token, end] = tokenize(tag)
  if (token?.kind === 'attribute' && end?.kind === 'end') {
    return { kind: 'attribute', scope: token.scope, name: token.name }
  }
  throw unsupported(`tag "${tag}"`)
}
