import { drillClock } from '@faultline/slo'
import type { SyntaxNode } from '@lezer/common'
import { parser } from '@prometheus-io/lezer-promql'
import { applyEdits, children, type Edit, fallbackOf, formatDuration, parseDuration } from './query-edit.ts'

/** Functions that give a value just because there is no data. */
const ABSENCE = new Set(['absent', 'absent_over_time'])
/** Series that Prometheus makes up itself while an alert is pending or firing. */
const SYNTHETIC = new Set(['ALERTS', 'ALERTS_FOR_STATE'])

/**
 * The same query, able to see only samples since `sinceMs` ago: longer windows are cut to that, and
 * operands of `or` that have a value without any data (`or vector(0)`) are taken away. Instant selectors
 * must be bounded by the query's lookback. Undefined where no data is read at all.
 */
export function onlyDataSince(promql: string, sinceMs: number): string | undefined {
  const textOf = (node: SyntaxNode) => promql.slice(node.from, node.to)
  const reads = (node: SyntaxNode) => readsData(node, textOf)
  const edits: Edit[] = []
  const visit = (node: SyntaxNode): void => {
    const fallback = fallbackOf(node, reads)
    if (fallback !== undefined) {
      edits.push(fallback.removal)
      visit(fallback.kept)
      return
    }
    if (node.name === 'MatrixSelector' || node.name === 'SubqueryExpr')
      edits.push(...cut(node, textOf, sinceMs))
    for (const child of children(node)) visit(child)
  }
  const { topNode } = parser.parse(promql)
  if (!reads(topNode)) return undefined
  visit(topNode)
  return applyEdits(promql, edits)
}

/** Names of the metrics that a query reads, those given by a regular expression aside. */
export function metricNames(promql: string): string[] {
  const names = new Set<string>()
  parser.parse(promql).iterate({
    enter: ({ node }) => {
      if (node.name !== 'VectorSelector') return
      const identifier = node.getChild('Identifier')
      if (identifier !== null) names.add(promql.slice(identifier.from, identifier.to))
      const quoted = /^\s*__name__\s*=\s*["'`](.*)["'`]\s*$/
      for (const matcher of node.getChild('LabelMatchers')?.getChildren('UnquotedLabelMatcher') ?? []) {
        const [, name] = quoted.exec(promql.slice(matcher.from, matcher.to)) ?? []
        if (name !== undefined) names.add(name)
      }
    },
  })
  return [...names].filter((name) => !SYNTHETIC.has(name))
}

/** `x_bucket`, `x_sum`, `x_count` → `x`; a counter keeps its `_total`. */
export function baseName(series: string): string {
  return series.replace(/_(bucket|sum|count)$/, '')
}

function readsData(node: SyntaxNode, textOf: (node: SyntaxNode) => string): boolean {
  if (node.name === 'VectorSelector') return true
  if (node.name === 'FunctionCall') {
    const name = node.getChild('FunctionIdentifier')
    if (name !== null && ABSENCE.has(textOf(name))) return false
  }
  return children(node).some((child) => readsData(child, textOf))
}

/** Edits that shorten the window of a range selector or subquery to `sinceMs`. */
function cut(node: SyntaxNode, textOf: (node: SyntaxNode) => string, sinceMs: number): Edit[] {
  const [window, step] = node.getChildren('DurationExpr')
  const windowMs = window === undefined ? undefined : parseDuration(textOf(window))
  if (window === undefined || windowMs === undefined || windowMs <= sinceMs) return []
  const edits = [{ from: window.from, to: window.to, text: formatDuration(sinceMs) }]
  if (step !== undefined)
    edits.push({ from: step.from, to: step.to, text: formatDuration(drillClock.intervalMs) })
  return edits
}
