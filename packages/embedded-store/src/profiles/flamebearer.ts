import type { CallNode } from './samples.ts'

/** Name under which Pyroscope sums up what is too small to be drawn. */
const OTHER = 'other'

/** Flame graph of Pyroscope's API: a level is `x offset (from the end of the bar before), total, self, name`, repeated. */
export interface FlameGraph {
  readonly names: readonly string[]
  readonly levels: readonly (readonly number[])[]
  readonly total: number
  readonly maxSelf: number
}

/**
 * Encodes a call tree. Of more than `maxNodes` nodes those with the smallest totals go into `other` bars; children
 * stand in order of their names.
 *
 * @see https://github.com/grafana/pyroscope/blob/v2.0.6/pkg/model/flamegraph.go
 */
export function encodeFlameGraph(root: CallNode, maxNodes: number): FlameGraph {
  const drawn = pruned({ ...root, name: 'total' }, smallestDrawn(root, maxNodes))
  const names = namesOf(drawn)
  const levels: number[][] = []
  /** Where the last bar of each level ends. */
  const ends: number[] = []
  let maxSelf = 0
  const layOut = ({ name, total, self, children }: DrawnNode, level: number, x: number): void => {
    levels[level] ??= []
    levels[level].push(x - (ends[level] ?? 0), total, self, names.get(name) ?? 0)
    ends[level] = x + total
    maxSelf = Math.max(maxSelf, self)
    let childX = x + self
    for (const child of children) {
      layOut(child, level + 1, childX)
      childX += child.total
    }
  }
  layOut(drawn, 0, 0)
  return { names: [...names.keys()], levels, total: root.total, maxSelf }
}

/** A node as it is drawn: its children in order, `other` last. */
interface DrawnNode {
  readonly name: string
  readonly total: number
  readonly self: number
  readonly children: readonly DrawnNode[]
}

function pruned({ name, total, self, ...node }: CallNode, smallest: number): DrawnNode {
  const children: DrawnNode[] = []
  let other = 0
  const inOrder = [...node.children.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  for (const child of inOrder) {
    if (child.total < smallest || child.name === OTHER) other += child.total
    else children.push(pruned(child, smallest))
  }
  if (other > 0) children.push({ name: OTHER, total: other, self: other, children: [] })
  return { name, total, self, children }
}

/** Names by their number, in the order that Pyroscope comes by them: depth first, the last child before the others. */
function namesOf(root: DrawnNode): ReadonlyMap<string, number> {
  const names = new Map<string, number>()
  const waiting = [root]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    if (!names.has(node.name)) names.set(node.name, names.size)
    waiting.push(...node.children)
  }
  return names
}

/** Total of the smallest of the `maxNodes` largest nodes; 0 when all fit. */
function smallestDrawn(root: CallNode, maxNodes: number): number {
  const totals: number[] = []
  const waiting = [root]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    for (const child of node.children.values()) {
      totals.push(child.total)
      waiting.push(child)
    }
  }
  if (maxNodes < 1 || totals.length <= maxNodes) return 0
  return Float64Array.from(totals).sort()[totals.length - maxNodes] ?? 0
}
