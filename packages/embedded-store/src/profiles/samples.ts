import type { ProfileIndex, ProfileSegmentIndex, TimeRange } from './profile-index.ts'
import { Labels, type Matcher, selects } from './selector.ts'

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
  /** Only samples taken in one of these spans, 16 hexadecimal digits each; all when missing. */
  readonly spans?: readonly string[]
}

/** Calls `visit` for each selected sample. */
function visitSamples(
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
    for (let sample = 0; sample < segment.itemCount; sample += 1) {
      if (wanted[segment.sampleSeries.get(sample)] !== true) continue
      const timeMs = segment.sampleTimeMs.get(sample)
      if (timeMs < startMs || timeMs > endMs) continue
      if (spans?.includes(segment.sampleSpan.get(sample)) === false) continue
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
    const stack = segment.sampleStack.get(sample)
    self[stack] = (self[stack] ?? 0) + segment.sampleValue.get(sample)
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

interface SeriesOptions {
  readonly stepMs: number
  readonly groupBy: readonly string[]
  readonly aggregation: 'sum' | 'average'
}

interface Step {
  sum: number
  readonly profiles: Set<number>
}

/**
 * Sums of the selected samples by step and group. A step's time is its end, counted from the start of the range; a
 * step without samples has no point. The average is that of the profiles of the step, by their times.
 */
export function timeSeries(
  index: ProfileIndex,
  selection: SampleSelection,
  options: SeriesOptions,
): { labels: Labels; points: (readonly [endMs: number, value: number])[] }[] {
  const groups = new Map<string, { labels: Labels; steps: Map<number, Step> }>()
  const { startMs } = selection.range
  visitSamples(index, selection, (segment, sample) => {
    const labels =
      segment.series(segment.sampleSeries.get(sample))?.project(options.groupBy) ?? new Labels([])
    const group = groups.get(labels.key) ?? { labels, steps: new Map<number, Step>() }
    groups.set(labels.key, group)
    const timeMs = segment.sampleTimeMs.get(sample)
    const end = startMs + Math.ceil((timeMs - startMs) / options.stepMs) * options.stepMs
    const step = group.steps.get(end) ?? { sum: 0, profiles: new Set<number>() }
    group.steps.set(end, step)
    step.sum += segment.sampleValue.get(sample)
    step.profiles.add(timeMs)
  })
  return [...groups.values()].map(({ labels, steps }) => ({
    labels,
    points: [...steps]
      .sort(([a], [b]) => a - b)
      .map(
        ([end, { sum, profiles }]) =>
          [end, options.aggregation === 'sum' ? sum : sum / profiles.size] as const,
      ),
  }))
}
