import { join } from 'node:path'
import { type BinaryName, REPOSITORY_ROOT } from '@faultline/toolchain'
import type { PortTable } from '../ports.ts'
import type { StateLayout } from '../state/layout.ts'
import type { StackState } from '../state/state-file.ts'

/** Programs that the kit does not build, and runs where they are installed. */
export const INSTALLABLE = [
  'tempo',
  'pyroscope',
  'grafana',
  'valkey',
] as const satisfies readonly BinaryName[]

export type InstallableName = (typeof INSTALLABLE)[number]

/** What component definitions are made from. */
export interface StackContext {
  readonly layout: StateLayout
  readonly ports: PortTable
  readonly sloProfile: StackState['sloProfile']
  /** Merged over the kit's collector configuration, in this order. Absolute paths. */
  readonly collectorConfigs: readonly string[]
  /** Which of the programs that the kit does not build are installed. */
  readonly installed: Readonly<Record<InstallableName, boolean>>
}

/** A path below the repository's root. */
export function inRepository(...parts: readonly string[]): string {
  return join(REPOSITORY_ROOT, ...parts)
}
