import { parser } from '@prometheus-io/lezer-promql'

/**
 * Says what keeps `query` from being one plain series selector, which is what `rate(…[window])` can be
 * put around; `undefined` when nothing does.
 */
export function selectorProblem(query: string): string | undefined {
  const text = query.trim()
  const root = parser.parse(text).topNode
  let broken: number | undefined
  root.cursor().iterate((node) => {
    if (node.type.isError) broken ??= node.from
  })
  if (broken !== undefined) return `is no PromQL: it cannot be read at character ${broken + 1}`
  const only = root.firstChild
  if (only?.name !== 'VectorSelector' || only.to !== text.length) {
    return 'is more than a series selector: give the counter itself, the generator puts rate() and sum() around it'
  }
  return undefined
}
