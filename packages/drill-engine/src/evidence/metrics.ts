import type { RangeSeries } from '@faultline/backends-client'
import type { MetricEvidence } from '../drill.ts'

/**
 * Value of series over a window. Of several series the most telling one counts: the highest where the threshold is a
 * floor, the lowest where it is a ceiling. Points that are no numbers say nothing.
 */
export function metricValue(
  series: readonly RangeSeries[],
  { reduce = 'max', threshold }: Pick<MetricEvidence, 'reduce' | 'threshold'>,
): number | undefined {
  const highest = 'above' in threshold
  const values = series.flatMap(({ samples }) => {
    const points = samples.map(({ value }) => value).filter((value) => Number.isFinite(value))
    const one = reduce === 'median' ? median(points) : worst(points, highest)
    return one === undefined ? [] : [one]
  })
  return worst(values, highest)
}

function worst(values: readonly number[], highest: boolean): number | undefined {
  if (values.length === 0) return undefined
  return highest ? Math.max(...values) : Math.min(...values)
}

function median(values: readonly number[]): number | undefined {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor((sorted.length - 1) / 2)]
}
