import type { Span } from './types.ts'

/** A span with those that it caused, by start. */
export interface SpanNode {
  readonly span: Span
  readonly children: readonly SpanNode[]
}

/**
 * Spans as trees. A span whose parent is not among them starts a tree of its own: the root, a span of a
 * caller whose telemetry went elsewhere, or a gap. A cycle of parents, which no sound writer makes, is
 * left out.
 */
export function spanTrees(spans: readonly Span[]): SpanNode[] {
  const known = new Set(spans.map((span) => span.spanId))
  const byParent = Map.groupBy(spans, (span) => {
    return span.parentSpanId !== undefined && known.has(span.parentSpanId) ? span.parentSpanId : undefined
  })
  const node = (span: Span): SpanNode => ({ span, children: (byParent.get(span.spanId) ?? []).map(node) })
  return (byParent.get(undefined) ?? []).map(node)
}
