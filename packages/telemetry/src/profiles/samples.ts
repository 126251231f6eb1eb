import { basename } from 'node:path'
import type { Dictionary } from './dictionary.ts'
import { originAt } from './label-slots.ts'
import type { HeapNode, ProfileNode, TimeNode, TimeProfile, TimeSample } from './native.ts'
import type { SampleOrigin } from './plugin.ts'

/** One row of a profile: a stack, whom it ran for, and a value for each value type. */
export interface Sample {
  /** Index into the dictionary. */
  readonly stack: number
  readonly origin: SampleOrigin | undefined
  readonly values: readonly number[]
}

const IDLE = '(idle)'
/** Native code and waiting alike; its CPU time is counted at the sample after it. */
const PROGRAM = '(program)'
const FRAME_NAMES: Readonly<Record<string, string>> = { '(garbage collector)': 'Garbage Collection' }
const OTHER_THREADS = 'Non-JS threads'
const EXTERNAL = '(external)'

/** Nanoseconds of CPU and of wall time of a window, in this order. */
export function timeSamples(profile: TimeProfile, intervalNanos: number, dictionary: Dictionary): Sample[] {
  const samples: Sample[] = []
  const perHit = nanosPerHit(profile, intervalNanos)
  walk(profile.topDownRoot, dictionary, (node, stack) => {
    if (node.hitCount === 0 && node.contexts.length === 0) return
    if (node.name === PROGRAM) return
    // Waiting is no wall time of anyone.
    const wallPerHit = node.name === IDLE ? 0 : perHit
    let hits = node.hitCount
    for (const [origin, { count, cpuNanos }] of byOrigin(node.contexts)) {
      const counted = Math.min(count, hits)
      hits -= counted
      samples.push({ stack: stack(), origin, values: [cpuNanos, counted * wallPerHit] })
    }
    if (hits > 0) samples.push({ stack: stack(), origin: undefined, values: [0, hits * wallPerHit] })
  })
  const { nonJSThreadsCpuTime = 0 } = profile
  if (nonJSThreadsCpuTime > 0) {
    const stack = dictionary.stack([dictionary.location(OTHER_THREADS, '', 0)])
    samples.push({ stack, origin: undefined, values: [nonJSThreadsCpuTime, 0] })
  }
  return samples
}

/** Live objects and bytes, in this order. @param externalBytes memory that V8 knows but did not sample */
export function heapSamples(root: HeapNode, externalBytes: number, dictionary: Dictionary): Sample[] {
  const samples: Sample[] = []
  walk(root, dictionary, (node, stack) => {
    let objects = 0
    let bytes = 0
    for (const { count, sizeBytes } of node.allocations) {
      objects += count
      bytes += count * sizeBytes
    }
    if (objects > 0) samples.push({ stack: stack(), origin: undefined, values: [objects, bytes] })
  })
  if (externalBytes > 0) {
    const stack = dictionary.stack([dictionary.location(EXTERNAL, '', 0)])
    samples.push({ stack, origin: undefined, values: [1, externalBytes] })
  }
  return samples
}

interface Share {
  count: number
  cpuNanos: number
}

function byOrigin(contexts: readonly TimeSample[]): Map<SampleOrigin | undefined, Share> {
  const shares = new Map<SampleOrigin | undefined, Share>()
  for (const { context, timestamp, cpuTime = 0 } of contexts) {
    const origin = context && originAt(context, Number(timestamp) / 1e3)
    const share = shares.get(origin)
    if (share) {
      share.count += 1
      share.cpuNanos += cpuTime
    } else shares.set(origin, { count: 1, cpuNanos: cpuTime })
  }
  return shares
}

/**
 * Time between two samples as it was: the signals come late under load. Bounded as in pprof-nodejs, since a
 * short window says little.
 */
function nanosPerHit({ topDownRoot, startTime, endTime }: TimeProfile, intervalNanos: number): number {
  const hits = totalHits(topDownRoot)
  if (hits === 0) return intervalNanos
  const measured = ((endTime - startTime) * 1e3) / hits
  return Math.round(Math.min(Math.max(measured, intervalNanos), 2 * intervalNanos))
}

function totalHits(node: TimeNode): number {
  return node.children.reduce((sum, child) => sum + totalHits(child), node.hitCount)
}

/**
 * Visits every node below the root, depth first.
 * @param visit is given the node and what makes its stack, which is only called for where there is a sample
 */
function walk<N extends ProfileNode<N>>(
  root: N,
  dictionary: Dictionary,
  visit: (node: N, stack: () => number) => void,
): void {
  const path: number[] = []
  const stack = (): number => dictionary.stack(path.toReversed())
  const descend = (node: N): void => {
    path.push(locationOf(node, dictionary))
    visit(node, stack)
    for (const child of node.children) descend(child)
    path.pop()
  }
  for (const child of root.children) descend(child)
}

function locationOf<N>({ name, scriptName, lineNumber = 0 }: ProfileNode<N>, dictionary: Dictionary): number {
  const file = scriptName.startsWith('file://') ? scriptName.slice('file://'.length) : scriptName
  // Flame graphs merge by name, so functions without one are distinguished by their place.
  const label = name ? (FRAME_NAMES[name] ?? name) : `(anonymous) ${basename(file)}:${lineNumber}`
  return dictionary.location(label, file, lineNumber)
}
