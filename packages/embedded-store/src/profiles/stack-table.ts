import { uint32Column } from '../memory/column.ts'
import { StringTable } from '../memory/string-table.ts'

/** Functions that one index can tell apart: what fits beside a node number in an exact double. */
const MAX_FUNCTIONS = 2 ** 21
const NODE_BYTES = 48

/**
 * Stacks as paths in one tree: a node is a function called from its parent's. Parents have smaller numbers than
 * their children, so one pass from the end sums up totals. Node 0 is the root, above all stacks.
 */
export class StackTable {
  readonly #functions = new StringTable()
  readonly #parent = uint32Column()
  readonly #function = uint32Column()
  readonly #nodes = new Map<number, number>()

  constructor() {
    this.#parent.push(0)
    this.#function.push(this.#functions.add(''))
  }

  /** Node of a stack of function names, leaf first. */
  add(frames: readonly string[]): number {
    let node = 0
    for (let depth = frames.length - 1; depth >= 0; depth -= 1) node = this.#child(node, frames[depth] ?? '')
    return node
  }

  parent(node: number): number {
    return this.#parent.get(node)
  }

  /** Name of the node's function. */
  name(node: number): string {
    return this.#functions.get(this.#function.get(node))
  }

  get size(): number {
    return this.#parent.length
  }

  /** Estimated bytes of memory. */
  get bytes(): number {
    return this.#functions.bytes + this.#parent.bytes + this.#function.bytes + this.#nodes.size * NODE_BYTES
  }

  #child(parent: number, name: string): number {
    const id = Math.min(this.#functions.add(name), MAX_FUNCTIONS - 1)
    const key = parent * MAX_FUNCTIONS + id
    const known = this.#nodes.get(key)
    if (known !== undefined) return known
    this.#function.push(id)
    const node = this.#parent.push(parent)
    this.#nodes.set(key, node)
    return node
  }
}
