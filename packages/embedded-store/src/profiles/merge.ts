import type { ProfileIndex, TimeRange } from './profile-index.ts'
import type { ProfileSegmentIndex, SpanNumbers } from './segment-index.ts'
import { type Matcher, selects } from './selector.ts'

/** Node of a merged call tree. */
export interface CallNode {
  readonly name: string
  /** Sum of the samples that end here. */
  self: number
  /** With everything called from here. */
  total: number
  readonly children: Map<string, CallNode>
}

export interface SampleSelection {
  readonly matchers: readonly Matcher[]
  readonly range: TimeRange
  /** Only samples taken in one of these spans; all when missing. */
  readonly spans?: readonly SpanNumbers[]
}

/** Calls `visit` for each selected sample. */
export function visitSamples(
  index: ProfileIndex,
  selection: SampleSelection,
  visit: (segment: ProfileSegmentIndex, sample: number) => void,
): void {
  const fits = selects(selection.matchers)
  const { startMs, endMs } = selection.range
  const { spans } = selection
  for (const segment of index.list()) {
    if (!segment.overlaps(startMs, endMs)) continue
    const wanted = Array.from({ length: segment.seriesCount }, (_, row) => {
      const labels = segment.series(row)
      return labels !== undefined && fits(labels)
    })
    for (let sample = 0; sample < segment.sampleCount; sample += 1) {
      if (wanted[segment.sampleSeries(sample)] !== true) continue
      const timeMs = segment.sampleTimeMs(sample)
      if (timeMs < startMs || timeMs > endMs) continue
      if (spans !== undefined && !spans.some((span) => segment.isOfSpan(sample, span))) continue
      visit(segment, sample)
    }
  }
}

/** Sums up the selected samples in one call tree, whose root is above all stacks. */
export function mergeStacks(index: ProfileIndex, selection: SampleSelection): CallNode {
  const selfOf = new Map<ProfileSegmentIndex, Float64Array>()
  visitSamples(index, selection, (segment, sample) => {
    let self = selfOf.get(segment)
    if (self === undefined) {
      self = new Float64Array(segment.stacks.size)
      selfOf.set(segment, self)
    }
    const stack = segment.sampleStack(sample)
    self[stack] = (self[stack] ?? 0) + segment.sampleValue(sample)
  })
  const root = callNode('')
  for (const [segment, self] of selfOf) addSegment(root, segment, self)
  return root
}

function addSegment(root: CallNode, { stacks }: ProfileSegmentIndex, self: Float64Array): void {
  const total = self.slice()
  for (let node = stacks.size - 1; node > 0; node -= 1) {
    const parent = stacks.parent(node)
    total[parent] = (total[parent] ?? 0) + (total[node] ?? 0)
  }
  root.self += self[0] ?? 0
  root.total += total[0] ?? 0
  const merged: CallNode[] = [root]
  for (let node = 1; node < stacks.size; node += 1) {
    const parent = merged[stacks.parent(node)]
    if (parent === undefined || (total[node] ?? 0) === 0) continue
    const name = stacks.name(node)
    let child = parent.children.get(name)
    if (child === undefined) {
      child = callNode(name)
      parent.children.set(name, child)
    }
    child.self += self[node] ?? 0
    child.total += total[node] ?? 0
    merged[node] = child
  }
}

function callNode(name: string): CallNode {
  return { name, self: 0, total: 0, children: new Map() }
}
