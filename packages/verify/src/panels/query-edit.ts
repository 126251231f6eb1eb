import type { SyntaxNode } from '@lezer/common'

/** A stretch of a query and what takes its place. */
export interface Edit {
  readonly from: number
  readonly to: number
  readonly text: string
}

/** The query with all edits made; they must not overlap. */
export function applyEdits(query: string, edits: readonly Edit[]): string {
  return [...edits]
    .sort((a, b) => b.from - a.from)
    .reduce((edited, { from, to, text }) => edited.slice(0, from) + text + edited.slice(to), query)
}

/** An `or` of which one operand has a value without any data. */
interface Fallback {
  /** Takes that operand away. */
  readonly removal: Edit
  /** The operand that stays. */
  readonly kept: SyntaxNode
}

/** PromQL and LogQL both name the operator's node `Or`. Undefined where both operands read data, or for other nodes. */
export function fallbackOf(node: SyntaxNode, reads: (node: SyntaxNode) => boolean): Fallback | undefined {
  const [left, right] = [node.firstChild, node.lastChild]
  if (node.getChild('Or') === null || left === null || right === null) return undefined
  if (!reads(right)) return { removal: { from: left.to, to: right.to, text: '' }, kept: left }
  if (!reads(left)) return { removal: { from: left.from, to: right.from, text: '' }, kept: right }
  return undefined
}

export function children(node: SyntaxNode): SyntaxNode[] {
  const all: SyntaxNode[] = []
  for (let child = node.firstChild; child !== null; child = child.nextSibling) all.push(child)
  return all
}

const UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_536_000_000,
}
const PART = /(\d+(?:\.\d+)?)(ns|us|µs|ms|[smhdwy])/g

/** A duration of PromQL or LogQL (`1h30m`, `500ms`, bare seconds) in ms; undefined for anything else. */
export function parseDuration(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * 1_000
  const parts = [...text.matchAll(PART)]
  if (parts.length === 0 || parts.map(([whole]) => whole).join('') !== text) return undefined
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (UNITS_MS[unit ?? ''] ?? 0), 0)
}

/** As both languages take it. */
export function formatDuration(ms: number): string {
  return `${Math.max(1, Math.floor(ms))}ms`
}
