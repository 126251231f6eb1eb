import { Counter, type Metric, type OpenMetricsContentType, type Registry } from 'prom-client'
import { type Labels, type LabelValue, MAX_SERIES, SeriesTable } from './series.ts'

export type OpenMetricsRegistry = Registry<OpenMetricsContentType>

export interface SpanMetricOptions {
  readonly name: string
  readonly help: string
  readonly labelNames: readonly string[]
  /** Series at most; {@link MAX_SERIES} by default. */
  readonly maxSeries?: number
}

/** One line of the exposition, in the form prom-client writes out. */
export interface MetricLine {
  readonly metricName?: string
  readonly labels: Labels
  readonly value: number
  readonly exemplar?: object | null
}

const OVERFLOW = 'telemetry_metric_overflow_total'

/** A metric in a prom-client registry whose series are found without hashing labels. */
export abstract class SpanMetric<T> {
  /** Prom-client renames counters for OpenMetrics. */
  name: string
  readonly help: string
  abstract readonly type: 'histogram' | 'counter'
  readonly aggregator = 'sum'
  protected readonly series: SeriesTable<T>

  constructor(register: OpenMetricsRegistry, options: SpanMetricOptions) {
    const { name, help, labelNames, maxSeries = MAX_SERIES } = options
    this.name = name
    this.help = help
    const overflow = overflowCounter(register)
    const onOverflow = (): void => overflow.inc({ metric: name })
    this.series = new SeriesTable({
      labelNames,
      maxSeries,
      create: (labels) => this.create(labels),
      onOverflow,
    })
    // A registry only asks for a name and get(); its type names prom-client's own classes.
    register.registerMetric(this as unknown as Metric)
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
    return { name, help, type, aggregator, values: [...this.series].flatMap((series) => this.lines(series)) }
  }

  /** For the registry's `resetMetrics()`. */
  reset(): void {
    this.series.clear()
  }

  protected abstract create(labels: Labels): T
  protected abstract lines(series: T): MetricLine[]
}

interface Count {
  readonly labels: Labels
  value: number
}

/** Counts what is counted on every message. */
export class SpanCounter extends SpanMetric<Count> {
  readonly type = 'counter'

  /**
   * @param values of the labels, in the order of their names
   * @throws RangeError for an amount that would spoil the sum
   */
  add(values: readonly LabelValue[], amount: number): void {
    assertCountable(amount)
    this.series.find(values).value += amount
  }

  protected create(labels: Labels): Count {
    return { labels, value: 0 }
  }

  protected lines({ labels, value }: Count): MetricLine[] {
    return [{ labels, value }]
  }
}

/**
 * A sum to which NaN or infinity was added once says nothing ever after, and one with a huge number loses what is small.
 * @throws RangeError for those
 */
export function assertCountable(value: number): void {
  if (!(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) throw new RangeError(`${value} cannot be counted`)
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
