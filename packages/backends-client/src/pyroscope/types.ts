import type { Labels } from '../prometheus/types.ts'

/** What is counted, by what: `process_cpu:cpu:nanoseconds:cpu:nanoseconds`. */
export interface ProfileType {
  /** `name:sampleType:sampleUnit:periodType:periodUnit` */
  readonly id: string
  readonly name: string
  readonly sampleType: string
  readonly sampleUnit: string
  readonly periodType: string
  readonly periodUnit: string
}

/** A function on a call path, with what it called. Values are in the profile type's unit. */
export interface FlameNode {
  readonly name: string
  /** Its own and all of its callees' value. */
  readonly total: number
  /** Its own value. */
  readonly self: number
  readonly children: readonly FlameNode[]
}

/** Merged stacks as a tree whose root, named `total`, calls the outermost functions. */
export interface FlameGraph {
  readonly root: FlameNode
  /** Value of the whole; 0 where nothing matched. */
  readonly total: number
}

/** A call path, outermost function first, and the value that was spent at its end. */
export interface Stack {
  readonly frames: readonly string[]
  readonly self: number
}

export interface ProfileSeries {
  readonly labels: Labels
  readonly points: readonly { readonly timeMs: number; readonly value: number }[]
}
