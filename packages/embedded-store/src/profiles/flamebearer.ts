import type { CallNode } from './merge.ts'

/** Name under which Pyroscope sums up what is too small to be drawn. */
const OTHER = 'other'

/** Flame graph of Pyroscope's API: a level is `x offset (from the end of the bar before), total, self, name`, repeated. */
export interface FlameGraph {
  readonly names: readonly string[]
  readonly levels: readonly (readonly number[])[]
  readonly total: number
  readonly maxSelf: number
}

interface Bar {
  readonly x: number
  readonly name: string
  readonly total: number
  readonly self: number
}

/**
 * Encodes a call tree. Of more than `maxNodes` nodes those with the smallest totals go into `other` bars; children
 * stand in order of their names.
 *
 * @see https://github.com/grafana/pyroscope/blob/v2.0.6/pkg/model/flamegraph.go
 */
export function encodeFlameGraph(root: CallNode, maxNodes: number): FlameGraph {
  const levels: Bar[][] = []
  layOut({ ...root, name: 'total' }, 0, 0, smallestDrawn(root, maxNodes), levels)
  const names = new Map<string, number>()
  let maxSelf = 0
  const encoded = levels.map((bars) => {
    let end = 0
    return bars.flatMap(({ x, name, total, self }) => {
      const id = names.get(name) ?? names.size
      names.set(name, id)
      maxSelf = Math.max(maxSelf, self)
      const offset = x - end
      end = x + total
      return [offset, total, self, id]
    })
  })
  return { names: [...names.keys()], levels: encoded, total: root.total, maxSelf }
}

function layOut(node: CallNode, level: number, x: number, smallest: number, levels: Bar[][]): void {
  const bars = levels[level] ?? []
  levels[level] = bars
  bars.push({ x, name: node.name, total: node.total, self: node.self })
  let childX = x + node.self
  let other = 0
  for (const child of inOrder(node)) {
    if (child.total < smallest || child.name === OTHER) {
      other += child.total
      continue
    }
    layOut(child, level + 1, childX, smallest, levels)
    childX += child.total
  }
  if (other > 0) {
    layOut({ name: OTHER, self: other, total: other, children: new Map() }, level + 1, childX, 0, levels)
  }
}

function inOrder(node: CallNode): CallNode[] {
  return [...node.children.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
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
