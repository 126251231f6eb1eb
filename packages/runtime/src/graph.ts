import toposort from 'toposort'
import type { ComponentState } from './runtime.ts'

/** The part of a component definition that orders it among the others. */
export interface Node {
  readonly name: string
  /** Must be ready before this one starts, and stops after it. */
  readonly dependsOn: readonly string[]
  /** Not needed to start, but must outlive this one so that what it flushes when it stops arrives. */
  readonly flushesTo?: readonly string[]
}

/**
 * Order of stopping: a component's wave is one later than the latest wave of those that depend on it or flush to
 * it. Waves stop one after the other from 0; the components of one wave stop together.
 * @throws Error naming a component that does not exist, or one that is in a cycle
 */
export function stopWaves(nodes: readonly Node[]): ReadonlyMap<string, number> {
  const names = nodes.map((node) => node.name)
  const known = new Set(names)
  // an edge points from the component that stops first to the one that stops after it
  const edges = nodes.flatMap((node) =>
    [...node.dependsOn, ...(node.flushesTo ?? []).filter((name) => known.has(name))].map(
      (later): [string, string] => [node.name, later],
    ),
  )
  const waves = new Map<string, number>(names.map((name) => [name, 0]))
  for (const name of toposort.array(names, edges)) {
    const wave = waves.get(name) ?? 0
    for (const [earlier, later] of edges) {
      if (earlier === name) waves.set(later, Math.max(waves.get(later) ?? 0, wave + 1))
    }
  }
  return waves
}

/** Dependencies that are not ready yet, in the order given. */
export function unmetDependencies(node: Node, stateOf: (name: string) => ComponentState): readonly string[] {
  return node.dependsOn.filter((name) => stateOf(name) !== 'ready')
}

/**
 * Whether a component will not become ready by itself: it failed or was stopped, or waits for one of those.
 */
export function isStuck(
  name: string,
  nodeOf: (name: string) => Node,
  stateOf: (name: string) => ComponentState,
): boolean {
  const state = stateOf(name)
  if (state === 'failed' || state === 'stopped') return true
  if (state !== 'waiting') return false
  return nodeOf(name).dependsOn.some((dependency) => isStuck(dependency, nodeOf, stateOf))
}
