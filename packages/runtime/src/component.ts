import type { BinaryName } from '@faultline/toolchain'
import toposort from 'toposort'
import type { Addresses } from './endpoints.ts'
import type { RestartPolicy } from './lifecycle.ts'
import type { ComponentState } from './runtime.ts'

/** A port that a component listens on, and what for (shown when it is in use). */
export interface PortUse {
  readonly port: number
  readonly purpose: string
}

export interface Command {
  readonly file: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Runs as this OS user instead of the supervisor's. */
  readonly user?: { readonly uid: number; readonly gid: number }
}

/** Where a component's executable came from, for `status`. */
export interface Executable {
  readonly path: string
  readonly version: string
  readonly source: string
}

/** One component of the kit as data: what it runs, what it needs, how to tell that it is up, how to stop it. */
export interface ComponentDefinition extends Node {
  /** A `task` runs to its end and is ready when it exits with 0. */
  readonly kind: 'service' | 'task'
  /** Resolved (and built if need be) before the first start. Without it `executable` says what runs. */
  readonly binary?: BinaryName
  readonly executable?: Executable
  readonly ports: readonly PortUse[]
  /** Runs before every start: renders configuration, makes folders. */
  readonly prepare?: (signal: AbortSignal) => Promise<void>
  readonly command: (executable: Executable) => Command
  /** Where to ask whether it is ready, as `packages/ready` does. A task is ready when it is done. */
  readonly ready?: URL
  /** From the start of the process to ready (of a task: to its end), in ms. */
  readonly readyTimeoutMs: number
  readonly stop: { readonly signal: NodeJS.Signals; readonly timeoutMs: number }
  readonly restartPolicy?: RestartPolicy
}

/** The kit as the supervisor runs it. */
export interface StackDefinition {
  readonly components: readonly ComponentDefinition[]
  /** In the order in which they are resolved: what the first milestone needs first, quick ones before slow ones. */
  readonly binaries: readonly BinaryName[]
  /** Components that must be ready for a milestone. */
  readonly milestones: { readonly shop: readonly string[]; readonly metrics: readonly string[] }
  readonly addresses: Addresses
}

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
