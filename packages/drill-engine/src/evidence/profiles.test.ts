import type { FlameGraph, FlameNode } from '@faultline/backends-client'
import { describe, expect, test } from 'vitest'
import { flameDifference, frameTotal, profileValue } from './profiles.ts'

const node = (name: string, total: number, ...children: FlameNode[]): FlameNode => ({
  name,
  total,
  self: total - children.reduce((sum, child) => sum + child.total, 0),
  children,
})
const graph = (...children: FlameNode[]): FlameGraph => {
  const total = children.reduce((sum, child) => sum + child.total, 0)
  return { root: node('total', total, ...children), total }
}
const seconds = (length: number) => ({ startMs: 1000, endMs: 1000 + length * 1000 })

describe('frameTotal', () => {
  test('what a function calls is in, and a function within itself is not counted twice', () => {
    const root = node('total', 10, node('parse', 6, node('parse', 4)), node('other', 4, node('parse', 1)))
    expect(frameTotal(root, /^parse$/)).toBe(7)
  })
})

describe('profileValue', () => {
  const during = graph(node('retry', 30), node('work', 70))

  test('a share is of the whole', () => {
    const answer = { graph: during, window: seconds(10), before: undefined }
    expect(profileValue(answer, { frame: '^retry', measure: 'share' })).toBeCloseTo(0.3)
  })

  test('growth compares a second with a second, however long the windows are', () => {
    const before = { graph: graph(node('retry', 10), node('work', 90)), window: seconds(5) }
    const answer = { graph: during, window: seconds(10), before }
    expect(profileValue(answer, { frame: 'retry', measure: 'growth' })).toBeCloseTo(1.5)
  })

  test('growth from nothing is very large; nothing after nothing is none', () => {
    const before = { graph: graph(node('work', 95)), window: seconds(5) }
    const answer = { graph: during, window: seconds(10), before }
    expect(profileValue(answer, { frame: 'retry', measure: 'growth' })).toBe(1_000_000)
    expect(profileValue(answer, { frame: 'absent', measure: 'growth' })).toBe(0)
  })

  test('without a profile nothing is known, in the phase as before it', () => {
    const empty = graph()
    const growth = { frame: 'retry', measure: 'growth' } as const
    const before = { graph: during, window: seconds(5) }
    expect(profileValue({ graph: empty, window: seconds(1), before }, growth)).toBeUndefined()
    expect(
      profileValue({ graph: empty, window: seconds(1), before }, { ...growth, measure: 'share' }),
    ).toBeUndefined()
    expect(profileValue({ graph: during, window: seconds(1), before: undefined }, growth)).toBeUndefined()
    const beforeEmpty = { graph: empty, window: seconds(5) }
    expect(profileValue({ graph: during, window: seconds(1), before: beforeEmpty }, growth)).toBeUndefined()
  })
})

describe('flameDifference', () => {
  test('paths of both graphs are there once, in value a second', () => {
    const during = { graph: graph(node('a', 20, node('b', 10))), window: seconds(10) }
    const before = { graph: graph(node('a', 5), node('c', 5)), window: seconds(5) }
    expect(flameDifference(during, before)).toEqual({
      name: 'total',
      during: 2,
      before: 2,
      children: [
        { name: 'a', during: 2, before: 1, children: [{ name: 'b', during: 1, before: 0, children: [] }] },
        { name: 'c', during: 0, before: 1, children: [] },
      ],
    })
  })

  test('with nothing to compare all is new', () => {
    const during = { graph: graph(node('a', 20)), window: seconds(10) }
    expect(flameDifference(during, undefined)).toMatchObject({ during: 2, before: 0 })
  })
})
