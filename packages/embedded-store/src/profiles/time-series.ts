import { Labels } from './labels.ts'
import { type SampleSelection, visitSamples } from './merge.ts'
import type { ProfileIndex } from './profile-index.ts'

export interface TimeSeries {
  readonly labels: Labels
  /** Value by the end of its step, milliseconds since the epoch, in order. */
  readonly points: readonly (readonly [timeMs: number, value: number])[]
}

export interface SeriesOptions {
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
): TimeSeries[] {
  const groups = new Map<string, { labels: Labels; steps: Map<number, Step> }>()
  const { startMs } = selection.range
  visitSamples(index, selection, (segment, sample) => {
    const labels = segment.series(segment.sampleSeries(sample))?.project(options.groupBy) ?? Labels.of([])
    const group = groups.get(labels.key) ?? { labels, steps: new Map<number, Step>() }
    groups.set(labels.key, group)
    const timeMs = segment.sampleTimeMs(sample)
    const end = startMs + Math.ceil((timeMs - startMs) / options.stepMs) * options.stepMs
    const step = group.steps.get(end) ?? { sum: 0, profiles: new Set<number>() }
    group.steps.set(end, step)
    step.sum += segment.sampleValue(sample)
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
