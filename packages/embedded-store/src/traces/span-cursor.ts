import { traceKeyToHex } from './ids.ts'
import type { TraceSegmentIndex } from './segment-index.ts'
import type { TracePart } from './trace-index.ts'
import { summarize, type TraceSummary } from './trace-summary.ts'
import type { Field, Intrinsic } from './traceql/ast.ts'
import type { StoredFields } from './traceql/reading.ts'
import { KINDS, STATUSES, type Value } from './traceql/values.ts'

/** One span of the index at a time, as TraceQL conditions see it. Moved from span to span, so nothing is allocated. */
export class SpanCursor implements StoredFields {
  #parts: readonly TracePart[] = []
  #summary: TraceSummary | undefined
  #index: TraceSegmentIndex | undefined
  #row = 0

  /** The trace that the next spans belong to. */
  enterTrace(parts: readonly TracePart[]): void {
    this.#parts = parts
    this.#summary = undefined
  }

  moveTo(index: TraceSegmentIndex, row: number): void {
    this.#index = index
    this.#row = row
  }

  value(field: Field): Value {
    const index = this.#index
    if (index === undefined) return undefined
    if (field.kind === 'intrinsic') return this.#intrinsic(field.name, index)
    const key = index.keys.find(field.name)
    if (key === undefined) return undefined
    if (field.scope === 'resource') return index.resourceAttributes.get(index.resource(this.#row), key)
    const own = index.spanAttributes.get(this.#row, key)
    if (own !== undefined || field.scope === 'span') return own
    return index.resourceAttributes.get(index.resource(this.#row), key)
  }

  #intrinsic(name: Intrinsic, index: TraceSegmentIndex): Value {
    switch (name) {
      case 'name':
        return index.name(this.#row)
      case 'status':
        return STATUSES[index.status(this.#row)]
      case 'statusMessage':
        return index.statusMessage(this.#row)
      case 'kind':
        return KINDS[index.kind(this.#row)]
      case 'duration':
        return index.duration(this.#row)
      case 'span:id':
        return index.spanId(this.#row)
      case 'span:parentID':
        return index.isRoot(this.#row) ? undefined : index.parentId(this.#row)
      case 'rootName':
        return this.#trace().rootName
      case 'rootServiceName':
        return this.#trace().rootService
      case 'traceDuration':
        return this.#trace().durationNanos
      case 'trace:id':
        return traceKeyToHex(this.#parts[0]?.index.traceKey(this.#parts[0].trace) ?? '')
    }
  }

  #trace(): TraceSummary {
    this.#summary ??= summarize(this.#parts)
    return this.#summary
  }
}
