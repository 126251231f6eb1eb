import type { FlameGraph, FlameNode } from '@faultline/backends-client'
import { expect, test } from 'vitest'
import { flameDifference } from './drawings.ts'

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
