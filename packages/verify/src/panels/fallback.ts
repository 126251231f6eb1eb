import type { SyntaxNode } from '@lezer/common'
import type { Edit } from './edit.ts'

/** An `or` of which one operand has a value without any data. */
export interface Fallback {
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
