import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type FlameNode, flameGraph, stacksOf } from './flame-graph.ts'

/** Writes a tree as Pyroscope does: by depth, each node as distance, total, self, name. */
function written(root: FlameNode, asText: boolean) {
  const names: string[] = []
  const levels: { start: number; node: FlameNode }[][] = []
  const place = (node: FlameNode, depth: number, start: number) => {
    const level = levels[depth] ?? []
    level.push({ start, node })
    levels[depth] = level
    let at = start + node.self
    for (const child of node.children) {
      place(child, depth + 1, at)
      at += child.total
    }
  }
  place(root, 0, 0)
  const nameIndex = (name: string) => {
    if (!names.includes(name)) names.push(name)
    return names.indexOf(name)
  }
  const number = (value: number) => (asText ? String(value) : value)
  return {
    levels: levels.map((level) => {
      let end = 0
      const values = level.flatMap(({ start, node }) => {
        const distance = start - end
        end = start + node.total
        return [distance, node.total, node.self, nameIndex(node.name)].map(number)
      })
      return { values }
    }),
    names,
    total: number(root.total),
  }
}

/** A node whose total is its own value and its children's; never 0, as nothing was sampled there then. */
function nodeOf(name: string, self: number, children: FlameNode[]): FlameNode {
  const called = children.reduce((sum, child) => sum + child.total, 0)
  const own = called === 0 ? self + 1 : self
  return { name, self: own, total: own + called, children }
}

const value = fc.nat({ max: 1e9 })
const { node: anyNode } = fc.letrec<{ node: FlameNode }>((tie) => ({
  node: fc.oneof(
    { maxDepth: 6, depthSize: 'small' },
    fc.tuple(fc.string(), value).map(([name, self]) => nodeOf(name, self, [])),
    fc
      .tuple(fc.string(), value, fc.array(tie('node'), { maxLength: 4 }))
      .map(([name, self, children]) => nodeOf(name, self, children)),
  ),
}))

describe('flameGraph', () => {
  it('gives back the tree that was written', () => {
    fc.assert(
      fc.property(anyNode, fc.boolean(), (root, asText) => {
        expect(flameGraph.parse(written(root, asText))).toEqual({ root, total: root.total })
      }),
    )
  })

  it('reads an empty profile', () => {
    expect(flameGraph.parse({})).toEqual({
      root: { name: 'total', total: 0, self: 0, children: [] },
      total: 0,
    })
  })

  it.each([
    ['a level cut short', { names: ['total'], levels: [{ values: [0, 1, 1] }] }],
    ['an unknown name', { names: ['total'], levels: [{ values: [0, 1, 1, 7] }] }],
    [
      'a node outside of its caller',
      { names: ['t'], levels: [{ values: [0, 5, 5, 0] }, { values: [5, 1, 1, 0] }] },
    ],
  ])('refuses %s', (_, answer) => {
    expect(flameGraph.safeParse(answer).success).toBe(false)
  })
})

describe('stacksOf', () => {
  it('adds up to the total', () => {
    fc.assert(
      fc.property(anyNode, (root) => {
        const stacks = stacksOf({ root, total: root.total })
        expect(stacks.reduce((sum, stack) => sum + stack.self, 0)).toBe(root.total)
      }),
    )
  })

  it('has the outermost function first and the largest stack first', () => {
    const leaf = (name: string, self: number): FlameNode => ({ name, self, total: self, children: [] })
    const root = {
      name: 'total',
      self: 0,
      total: 9,
      children: [{ ...leaf('main', 1), total: 9, children: [leaf('work', 8)] }],
    }
    expect(stacksOf({ root, total: 9 })).toEqual([
      { frames: ['main', 'work'], self: 8 },
      { frames: ['main'], self: 1 },
    ])
  })
})
