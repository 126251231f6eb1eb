import type { SpanContext } from '@opentelemetry/api'
import { type ExemplarLabels, exemplarOf } from './exemplar.ts'
import type { Labels, LabelValue } from './series.ts'
import {
  assertCountable,
  type MetricLine,
  type OpenMetricsRegistry,
  SpanMetric,
  type SpanMetricOptions,
} from './span-metric.ts'

export interface DurationHistogramOptions extends SpanMetricOptions {
  /** Upper bounds in seconds, ascending. */
  readonly buckets: readonly number[]
}

interface Exemplar {
  readonly labelSet: ExemplarLabels
  readonly value: number
  /** Seconds since the Unix epoch. */
  readonly timestamp: number
}

/** Counts of one combination of labels; the last bucket is +Inf. */
interface Series {
  readonly labels: Labels
  readonly counts: Float64Array
  readonly exemplars: (Exemplar | undefined)[]
  sum: number
}

/** Histogram with exemplars in a prom-client registry, for what is observed on every request. */
export class DurationHistogram extends SpanMetric<Series> {
  readonly type = 'histogram'
  readonly #buckets: readonly number[]

  constructor(register: OpenMetricsRegistry, options: DurationHistogramOptions) {
    super(register, options)
    this.#buckets = options.buckets
  }

  /**
   * @param values of the labels, in the order of their names
   * @param exemplar context of an ended span that leads to a stored trace; undefined for no exemplar
   * @throws RangeError for a duration that would spoil the sum, as of a span whose times are NaN
   */
  observe(values: readonly LabelValue[], seconds: number, exemplar: SpanContext | undefined): void {
    assertCountable(seconds)
    const series = this.series.find(values)
    const buckets = this.#buckets
    let index = 0
    while (index < buckets.length && seconds > (buckets[index] ?? 0)) index += 1
    series.counts[index] = (series.counts[index] ?? 0) + 1
    series.sum += seconds
    if (exemplar) {
      series.exemplars[index] = {
        labelSet: exemplarOf(exemplar),
        value: seconds,
        timestamp: Date.now() / 1e3,
      }
    }
  }

  protected create(labels: Labels): Series {
    return { labels, counts: new Float64Array(this.#buckets.length + 1), exemplars: [], sum: 0 }
  }

  protected lines({ labels, counts, exemplars, sum }: Series): MetricLine[] {
    let count = 0
    const lines: MetricLine[] = [...counts].map((inBucket, index) => {
      count += inBucket
      return {
        metricName: `${this.name}_bucket`,
        labels: { le: this.#buckets[index] ?? '+Inf', ...labels },
        value: count,
        exemplar: exemplars[index] ?? null,
      }
    })
    lines.push({ metricName: `${this.name}_sum`, labels, value: sum })
    lines.push({ metricName: `${this.name}_count`, labels, value: count })
    return lines
  }
}
