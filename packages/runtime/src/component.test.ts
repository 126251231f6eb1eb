import fc from 'fast-check'
import { expect, test } from 'vitest'
import { isStuck, type Node, stopWaves, unmetDependencies } from './component.ts'
import type { ComponentState } from './runtime.ts'

/** Graphs without cycles: a node depends on, or flushes to, earlier ones only. Given in any order. */
const acyclic = fc
  .array(
    fc.record({
      depends: fc.array(fc.nat(), { maxLength: 4 }),
      flushes: fc.array(fc.nat(), { maxLength: 2 }),
    }),
    {
      minLength: 1,
      maxLength: 12,
    },
  )
  .map((shapes) =>
    shapes.map(({ depends, flushes }, index): Node => {
      const earlier = (picks: number[]): string[] =>
        index === 0 ? [] : [...new Set(picks.map((pick) => `n${pick % index}`))]
      return { name: `n${index}`, dependsOn: earlier(depends), flushesTo: earlier(flushes) }
    }),
  )
  .chain((nodes) => fc.shuffledSubarray(nodes, { minLength: nodes.length }))

test('a component stops in a later wave than everything that depends on it or flushes to it', () => {
  fc.assert(
    fc.property(acyclic, (nodes) => {
      const waves = stopWaves(nodes)
      for (const { name, dependsOn, flushesTo = [] } of nodes) {
        for (const later of [...dependsOn, ...flushesTo]) {
          expect(waves.get(later)).toBeGreaterThan(waves.get(name) ?? Number.NaN)
        }
      }
    }),
  )
})

test('starting whatever has its dependencies ready starts everything, each after its dependencies', () => {
  fc.assert(
    fc.property(acyclic, (nodes) => {
      const states = new Map<string, ComponentState>(nodes.map(({ name }) => [name, 'waiting']))
      const stateOf = (name: string): ComponentState => states.get(name) ?? 'failed'
      for (let round = 0; round < nodes.length; round += 1) {
        for (const node of nodes) {
          if (stateOf(node.name) === 'waiting' && unmetDependencies(node, stateOf).length === 0) {
            for (const dependency of node.dependsOn) expect(stateOf(dependency)).toBe('ready')
            states.set(node.name, 'ready')
          }
        }
      }
      expect([...states.values()].every((state) => state === 'ready')).toBe(true)
    }),
  )
})

test('what waits behind a failed component, however far, is stuck; nothing else is', () => {
  fc.assert(
    fc.property(acyclic, fc.nat(), (nodes, pick) => {
      const failed = nodes[pick % nodes.length]?.name ?? ''
      const byName = new Map(nodes.map((node) => [node.name, node]))
      const nodeOf = (name: string): Node => byName.get(name) ?? { name, dependsOn: [] }
      const behind = (name: string): boolean => name === failed || nodeOf(name).dependsOn.some(behind)
      const stateOf = (name: string): ComponentState => (name === failed ? 'failed' : 'waiting')
      for (const { name } of nodes) expect(isStuck(name, nodeOf, stateOf)).toBe(behind(name))
    }),
  )
})

test('a cycle is refused, through flushing too', () => {
  const cycle: Node[] = [
    { name: 'a', dependsOn: ['b'] },
    { name: 'b', dependsOn: ['a'] },
  ]
  expect(() => stopWaves(cycle)).toThrow(/Cyclic dependency/)
  const flushing: Node[] = [
    { name: 'a', dependsOn: ['b'] },
    { name: 'b', dependsOn: [], flushesTo: ['a'] },
  ]
  expect(() => stopWaves(flushing)).toThrow(/Cyclic dependency/)
})

test('a dependency that does not exist is refused; something to flush to need not run', () => {
  expect(() => stopWaves([{ name: 'a', dependsOn: ['nothing'] }])).toThrow(/Unknown node/)
  expect(() => stopWaves([{ name: 'a', dependsOn: [], flushesTo: ['tempo'] }])).not.toThrow()
})
