import type { BinaryName } from '@faultline/toolchain'
import type { Node } from './graph.ts'
import type { RestartPolicy } from './lifecycle.ts'
import type { Addresses } from './topology.ts'

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
