import type { SpanContext } from '@opentelemetry/api'
import { Counter, type Metric, type OpenMetricsContentType, type Registry } from 'prom-client'
import { type ExemplarLabels, exemplarOf } from './exemplar.ts'

export type OpenMetricsRegistry = Registry<OpenMetricsContentType>

type Labels = Readonly<Record<string, string | number>>
/** Values of the labels, in the order of their names; undefined leaves the label out. */
type LabelValues = readonly (string | number | undefined)[]

/** Series that a metric has at most: what comes after goes into one series more. */
const MAX_SERIES = 2_000
/** Label of the series that takes what has no series of its own, as in OpenTelemetry's SDKs. */
const OVERFLOW_LABELS: Labels = { otel_metric_overflow: 'true' }
const OVERFLOW = 'telemetry_metric_overflow_total'

/** How the metrics of a processor are made. */
export interface SpanMetricsOptions {
  /** Upper bounds in seconds, ascending. */
  readonly durationBuckets: readonly number[]
  /** Series of each metric at most; 2,000 by default. */
  readonly maxSeries?: number | undefined
}

interface SpanMetricOptions extends Pick<SpanMetricsOptions, 'maxSeries'> {
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
}

/** One line of the exposition, in the form prom-client writes out. */
interface MetricLine {
  readonly metricName?: string
  readonly labels: Labels
  readonly value: number
  readonly exemplar?: object | null
}

type Level<T> = Map<LabelValues[number], Level<T> | T>

/**
 * A metric in a prom-client registry, for what is observed on every request: its series are found by walking the label
 * values, where prom-client's own metrics validate, sort and join them each time.
 */
abstract class SpanMetric<T> {
  /** Prom-client renames counters for OpenMetrics. */
  name: string
  readonly help: string
  abstract readonly type: 'histogram' | 'counter'
  readonly aggregator = 'sum'
  readonly #labelNames: readonly string[]
  readonly #maxSeries: number
  readonly #overflows: Counter<'metric'>
  readonly #root: Level<T> = new Map()
  /** In the order of their appearance. */
  #all: T[] = []
  /** Takes what has no series of its own. */
  #rest: T | undefined

  constructor(
    register: OpenMetricsRegistry,
    { name, help, labelNames, maxSeries = MAX_SERIES }: SpanMetricOptions,
  ) {
    this.name = name
    this.help = help
    this.#labelNames = labelNames
    this.#maxSeries = maxSeries
    this.#overflows = overflowCounter(register)
    // A registry only asks for a name and get(); its type names prom-client's own classes.
    register.registerMetric(this as unknown as Metric)
  }

  /** For the registry. */
  async get(): Promise<object> {
    const { name, help, type, aggregator } = this
    const all = this.#rest === undefined ? this.#all : [...this.#all, this.#rest]
    return { name, help, type, aggregator, values: all.flatMap((series) => this.lines(series)) }
  }

  /** For the registry's `resetMetrics()`. */
  reset(): void {
    this.#all = []
    this.#root.clear()
    this.#rest = undefined
  }

  protected abstract create(labels: Labels): T
  protected abstract lines(series: T): MetricLine[]

  protected find(values: LabelValues): T {
    let level = this.#root
    const last = values.length - 1
    for (let index = 0; index < last; index += 1) {
      const next = level.get(values[index]) as Level<T> | undefined
      if (!next) return this.#add(values)
      level = next
    }
    return (level.get(values[last]) as T | undefined) ?? this.#add(values)
  }

  #add(values: LabelValues): T {
    if (this.#all.length >= this.#maxSeries) {
      this.#overflows.inc({ metric: this.name })
      this.#rest ??= this.create(OVERFLOW_LABELS)
      return this.#rest
    }
    const labels: Record<string, string | number> = {}
    for (const [index, name] of this.#labelNames.entries()) {
      const value = values[index]
      if (value !== undefined) labels[name] = value
    }
    let level = this.#root
    for (const value of values.slice(0, -1)) {
      const next = (level.get(value) as Level<T> | undefined) ?? new Map()
      level.set(value, next)
      level = next
    }
    const series = this.create(labels)
    level.set(values.at(-1), series)
    this.#all.push(series)
    return series
  }
}

function overflowCounter(register: OpenMetricsRegistry): Counter<'metric'> {
  const known = register.getSingleMetric(OVERFLOW) as Counter<'metric'> | undefined
  if (known) return known
  return new Counter({
    name: OVERFLOW,
    help: 'Observations that went into the series for the rest, as their metric has as many as it may',
    labelNames: ['metric'],
    registers: [register],
  })
}

/**
 * A sum to which NaN or infinity was added once says nothing ever after, and one with a huge number loses what is small.
 * @throws RangeError for those
 */
function assertCountable(value: number): void {
  if (!(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) throw new RangeError(`${value} cannot be counted`)
}

interface Count {
  readonly labels: Labels
  value: number
}

/** Counts what is counted on every message. */
export class SpanCounter extends SpanMetric<Count> {
  readonly type = 'counter'

  /** @throws RangeError for an amount that would spoil the sum */
  add(values: LabelValues, amount: number): void {
    assertCountable(amount)
    this.find(values).value += amount
  }

  protected create(labels: Labels): Count {
    return { labels, value: 0 }
  }

  protected lines({ labels, value }: Count): MetricLine[] {
    return [{ labels, value }]
  }
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

/** Histogram with exemplars, for what is observed on every request. */
export class DurationHistogram extends SpanMetric<Series> {
  readonly type = 'histogram'
  readonly #buckets: readonly number[]

  /** @param options buckets: upper bounds in seconds, ascending */
  constructor(
    register: OpenMetricsRegistry,
    options: SpanMetricOptions & { readonly buckets: readonly number[] },
  ) {
    super(register, options)
    this.#buckets = options.buckets
  }

  /**
   * @param exemplar context of an ended span that leads to a stored trace; undefined for no exemplar
   * @throws RangeError for a duration that would spoil the sum, as of a span whose times are NaN
   */
  observe(values: LabelValues, seconds: number, exemplar: SpanContext | undefined): void {
    assertCountable(seconds)
    const series = this.find(values)
    const buckets = this.#buckets
    let index = 0
    while (index < buckets.length && seconds > (buckets[index] ?? 0)) index += 1
    series.counts[index] = (series.counts[index] ?? 0) + 1
    series.sum += seconds
    if (exemplar) {
      const timestamp = Date.now() / 1e3
      series.exemplars[index] = { labelSet: exemplarOf(exemplar), value: seconds, timestamp }
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
