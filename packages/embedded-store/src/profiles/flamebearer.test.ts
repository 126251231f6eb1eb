import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeFlameGraph, type FlameGraph } from './flamebearer.ts'
import type { CallNode } from './samples.ts'

const sample = fc.tuple(
  fc.array(fc.constantFrom('a', 'b', 'c', 'd', 'other'), { maxLength: 5 }),
  fc.integer({ min: 1, max: 100 }),
)
const samples = fc.array(sample, { maxLength: 12 })

/** Call tree of samples, given as root-first stacks. */
function treeOf(list: readonly (readonly [readonly string[], number])[]): CallNode {
  const node = (name: string): CallNode => ({ name, self: 0, total: 0, children: new Map() })
  const root = node('')
  for (const [stack, value] of list) {
    let at = root
    at.total += value
    for (const name of stack) {
      const child = at.children.get(name) ?? node(name)
      at.children.set(name, child)
      child.total += value
      at = child
    }
    at.self += value
  }
  return root
}

interface Bar {
  readonly name: string
  readonly start: number
  readonly total: number
  readonly self: number
}

function decode({ levels, names }: FlameGraph): Bar[][] {
  return levels.map((values) => {
    const bars: Bar[] = []
    let end = 0
    for (let at = 0; at < values.length; at += 4) {
      const [offset = 0, total = 0, self = 0, name = -1] = values.slice(at, at + 4)
      bars.push({ name: names[name] ?? '?', start: end + offset, total, self })
      end += offset + total
    }
    return bars
  })
}

/** Self values by path from the root, read back from the bars. */
function selfByPath(levels: readonly (readonly Bar[])[]): Map<string, number> {
  const found = new Map<string, number>()
  const visit = (level: number, bar: Bar, path: readonly string[]): void => {
    if (bar.self > 0) found.set(path.join('/'), bar.self)
    for (const child of levels[level + 1] ?? []) {
      if (child.start >= bar.start && child.start + child.total <= bar.start + bar.total) {
        visit(level + 1, child, [...path, child.name])
      }
    }
  }
  for (const bar of levels[0] ?? []) visit(0, bar, [])
  return found
}

test('bars carry the whole tree: every path keeps its self value', () => {
  const withoutOther = samples.map((list) => list.filter(([stack]) => !stack.includes('other')))
  fc.assert(
    fc.property(withoutOther, (list) => {
      const expected = new Map<string, number>()
      for (const [stack, value] of list) {
        const path = stack.join('/')
        expected.set(path, (expected.get(path) ?? 0) + value)
      }
      const bars = decode(encodeFlameGraph(treeOf(list), 1000))
      expect([...selfByPath(bars)].sort()).toEqual([...expected].sort())
    }),
  )
})

test('however many nodes are drawn, selfs sum up to the total and bars lie inside their parents', () => {
  fc.assert(
    fc.property(samples, fc.integer({ min: 1, max: 10 }), (list, maxNodes) => {
      const graph = encodeFlameGraph(treeOf(list), maxNodes)
      const levels = decode(graph)
      const all = levels.flat()
      const sum = list.reduce((total, [, value]) => total + value, 0)
      expect(graph.total).toBe(sum)
      expect(all.reduce((total, { self }) => total + self, 0)).toBe(sum)
      expect(graph.maxSelf).toBe(Math.max(...all.map(({ self }) => self)))
      expect(levels[0]).toEqual([{ name: 'total', start: 0, total: sum, self: expect.any(Number) }])
      levels.slice(1).forEach((bars, level) => {
        const parents = levels[level] ?? []
        for (const bar of bars) {
          const end = bar.start + bar.total
          expect(
            parents.some((parent) => parent.start <= bar.start && end <= parent.start + parent.total),
          ).toBe(true)
        }
        for (const [index, bar] of bars.entries()) {
          const next = bars[index + 1]
          if (next !== undefined) expect(next.start).toBeGreaterThanOrEqual(bar.start + bar.total)
        }
      })
    }),
  )
})

test('the smallest nodes are summed up in other', () => {
  const graph = encodeFlameGraph(
    treeOf([
      [['a'], 50],
      [['b'], 3],
      [['c'], 2],
    ]),
    1,
  )
  expect(decode(graph)[1]).toEqual([
    { name: 'a', start: 0, total: 50, self: 50 },
    { name: 'other', start: 50, total: 5, self: 5 },
  ])
})

test('nothing selected is one empty bar, as Pyroscope answers', () => {
  expect(encodeFlameGraph(treeOf([]), 10)).toEqual({
    names: ['total'],
    levels: [[0, 0, 0, 0]],
    total: 0,
    maxSelf: 0,
  })
})
