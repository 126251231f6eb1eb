import * as z from 'zod'

/** A function on a call path, with what it called. Values are in the profile type's unit. */
export interface FlameNode {
  readonly name: string
  /** Its own and all of its callees' value. */
  readonly total: number
  /** Its own value. */
  readonly self: number
  readonly children: readonly FlameNode[]
}

/** Merged stacks as a tree whose root, named `total`, calls the outermost functions. */
export interface FlameGraph {
  readonly root: FlameNode
  /** Value of the whole; 0 where nothing matched. */
  readonly total: number
}

/** 64-bit integers come as text in protobuf's JSON mapping. */
const int64 = z.union([
  z.number(),
  z
    .string()
    .regex(/^-?\d+$/)
    .transform(Number),
])

/** Numbers that a node takes in a level: distance from the node before, total, self, index of its name. */
const NUMBERS_PER_NODE = 4

interface PlacedNode {
  readonly name: string
  readonly total: number
  readonly self: number
  readonly children: PlacedNode[]
  /** Where it starts on the horizontal axis, in the profile's unit. */
  readonly start: number
}

/**
 * Pyroscope's flame graph: one list of numbers for each depth, each node placed on an axis by its distance
 * from the end of the node before, under the node of the level above whose span covers its start.
 * Protobuf's JSON mapping leaves out what is zero, so an empty profile is an empty object.
 */
export const flameGraph: z.ZodType<FlameGraph> = z
  .object({
    names: z.array(z.string()).default([]),
    levels: z.array(z.object({ values: z.array(int64).default([]) })).default([]),
    total: int64.default(0),
  })
  .transform(({ names, levels, total }, context): FlameGraph => {
    const problem = (message: string) => {
      context.addIssue({ code: 'custom', message })
      return z.NEVER
    }
    let above: PlacedNode[] = []
    let root: PlacedNode | undefined
    for (const [depth, { values }] of levels.entries()) {
      if (values.length % NUMBERS_PER_NODE !== 0)
        return problem(`level ${depth} has ${values.length} numbers`)
      const level = placeNodes(values, names)
      if (level === undefined) return problem(`level ${depth} names a function that is not listed`)
      if (depth === 0) root = level[0]
      else if (!attach(above, level)) return problem(`level ${depth} has a node that no caller covers`)
      above = level
    }
    return { root: root === undefined ? emptyRoot : withoutPlaces(root), total }
  })

const emptyRoot: FlameNode = { name: 'total', total: 0, self: 0, children: [] }

function placeNodes(values: readonly number[], names: readonly string[]): PlacedNode[] | undefined {
  const nodes: PlacedNode[] = []
  let end = 0
  for (let at = 0; at < values.length; at += NUMBERS_PER_NODE) {
    const [distance = 0, total = 0, self = 0, index = -1] = values.slice(at, at + NUMBERS_PER_NODE)
    const name = names[index]
    if (name === undefined) return undefined
    const start = end + distance
    nodes.push({ name, total, self, start, children: [] })
    end = start + total
  }
  return nodes
}

/** Both levels are in order of their starts, so one walk finds each node's caller. */
function attach(callers: readonly PlacedNode[], level: readonly PlacedNode[]): boolean {
  let at = 0
  for (const node of level) {
    let caller = callers[at]
    while (caller !== undefined && caller.start + caller.total <= node.start) caller = callers[++at]
    if (caller === undefined || node.start < caller.start) return false
    caller.children.push(node)
  }
  return true
}

function withoutPlaces({ name, total, self, children }: PlacedNode): FlameNode {
  return { name, total, self, children: children.map(withoutPlaces) }
}

/** A call path, outermost function first, and the value that was spent at its end. */
interface Stack {
  readonly frames: readonly string[]
  readonly self: number
}

/** Every call path at whose end something was spent, largest first. */
export function stacksOf(graph: FlameGraph): Stack[] {
  const stacks: Stack[] = []
  const visit = (node: FlameNode, frames: readonly string[]) => {
    if (node.self > 0) stacks.push({ frames, self: node.self })
    for (const child of node.children) visit(child, [...frames, child.name])
  }
  visit(graph.root, [])
  return stacks.sort((a, b) => b.self - a.self)
}
