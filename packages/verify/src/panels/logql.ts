import { parser } from '@grafana/lezer-logql'
import type { SyntaxNode } from '@lezer/common'
import { applyEdits, children, type Edit, fallbackOf, formatDuration, parseDuration } from './query-edit.ts'

export interface LogQuery {
  /** A log query gives lines, a metric query gives numbers. */
  readonly kind: 'lines' | 'numbers'
  readonly text: string
}

/**
 * The same query, able to see only lines since `sinceMs` ago: longer windows are cut to that, and operands
 * of `or` that are constant (`or vector(0)`) are taken away. A query for lines must be bounded by its
 * range. Undefined where no stream is read at all.
 */
export function onlyLinesSince(logql: string, sinceMs: number): LogQuery | undefined {
  const edits: Edit[] = []
  let kind: LogQuery['kind'] = 'lines'
  const visit = (node: SyntaxNode): void => {
    if (node.name === 'MetricExpr') kind = 'numbers'
    const fallback = fallbackOf(node, readsLines)
    if (fallback !== undefined) {
      edits.push(fallback.removal)
      visit(fallback.kept)
      return
    }
    if (node.name === 'Range') {
      const duration = node.getChild('Duration')
      const windowMs = duration === null ? undefined : parseDuration(logql.slice(duration.from, duration.to))
      if (duration !== null && windowMs !== undefined && windowMs > sinceMs) {
        edits.push({ from: duration.from, to: duration.to, text: formatDuration(sinceMs) })
      }
    }
    for (const child of children(node)) visit(child)
  }
  const { topNode } = parser.parse(logql)
  if (!readsLines(topNode)) return undefined
  visit(topNode)
  return { kind, text: applyEdits(logql, edits) }
}

function readsLines(node: SyntaxNode): boolean {
  return node.name === 'Selector' || children(node).some(readsLines)
}
