import type { Metric, OpenMetricsContentType, Registry } from 'prom-client'
import type { RecordedSpan } from '../trace/span.ts'
import { type ExemplarLabels, exemplarOf } from './exemplar.ts'

/** Value of a label; undefined leaves the label out. */
export type LabelValue = string | number | undefined

export interface DurationHistogramOptions {
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
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
  readonly labels: Readonly<Record<string, string | number>>
  readonly counts: Float64Array
  readonly exemplars: (Exemplar | undefined)[]
  sum: number
}

type Level = Map<LabelValue, Level | Series>

/** One line of the exposition, in the form prom-client writes out. */
interface MetricLine {
  readonly metricName: string
  readonly labels: Readonly<Record<string, string | number>>
  readonly value: number
  readonly exemplar?: Exemplar | null
}

/**
 * Histogram with exemplars in a prom-client registry, for what is observed on every request: a series is
 * found by walking its label values, where prom-client's own validates, sorts and joins them each time.
 */
export class DurationHistogram {
  readonly name: string
  readonly help: string
  readonly type = 'histogram'
  readonly aggregator = 'sum'
  readonly #labelNames: readonly string[]
  readonly #buckets: readonly number[]
  readonly #root: Level = new Map()
  readonly #series: Series[] = []

  constructor(register: Registry<OpenMetricsContentType>, options: DurationHistogramOptions) {
    this.name = options.name
    this.help = options.help
    this.#labelNames = options.labelNames
    this.#buckets = options.buckets
    // A registry only asks for a name and get(); its type names prom-client's own classes.
    register.registerMetric(this as unknown as Metric)
  }

  /**
   * @param values of the labels, in the order of their names
   * @param exemplar ended span that leads to a stored trace; undefined for no exemplar
   */
  observe(values: readonly LabelValue[], seconds: number, exemplar: RecordedSpan | undefined): void {
    const series = this.#find(values)
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

  /** For the registry. */
  async get(): Promise<{
    name: string
    help: string
    type: string
    aggregator: string
    values: MetricLine[]
  }> {
    const { name, help, type, aggregator } = this
    return { name, help, type, aggregator, values: this.#series.flatMap((series) => this.#lines(series)) }
  }

  #find(values: readonly LabelValue[]): Series {
    let level = this.#root
    const last = values.length - 1
    for (let index = 0; index < last; index += 1) {
      let next = level.get(values[index]) as Level | undefined
      if (!next) {
        next = new Map()
        level.set(values[index], next)
      }
      level = next
    }
    let series = level.get(values[last]) as Series | undefined
    if (!series) {
      series = this.#createSeries(values)
      level.set(values[last], series)
    }
    return series
  }

  #createSeries(values: readonly LabelValue[]): Series {
    const labels: Record<string, string | number> = {}
    for (const [index, name] of this.#labelNames.entries()) {
      const value = values[index]
      if (value !== undefined) labels[name] = value
    }
    const series = { labels, counts: new Float64Array(this.#buckets.length + 1), exemplars: [], sum: 0 }
    this.#series.push(series)
    return series
  }

  #lines({ labels, counts, exemplars, sum }: Series): MetricLine[] {
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
