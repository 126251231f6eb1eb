/** Value of a label; undefined leaves the label out. */
export type LabelValue = string | number | undefined

export type Labels = Readonly<Record<string, string | number>>

/** Series that a metric has at most: what comes after goes into one series more. */
export const MAX_SERIES = 2_000

/** Label of the series that takes what has no series of its own, as in OpenTelemetry's SDKs. */
const OVERFLOW_LABELS: Labels = { otel_metric_overflow: 'true' }

export interface SeriesOptions<T> {
  readonly labelNames: readonly string[]
  readonly maxSeries: number
  /** Makes what is kept of a combination of labels that is new. */
  readonly create: (labels: Labels) => T
  /** Called for every observation that has no series of its own. */
  readonly onOverflow: () => void
}

type Level<T> = Map<LabelValue, Level<T> | T>

/**
 * The series of a metric, for what is observed on every request: found by walking the label values, where
 * prom-client's own metrics validate, sort and join them each time.
 */
export class SeriesTable<T> {
  #all: T[] = []
  readonly #options: SeriesOptions<T>
  readonly #root: Level<T> = new Map()
  #overflow: T | undefined

  constructor(options: SeriesOptions<T>) {
    this.#options = options
  }

  /** @param values of the labels, in the order of their names */
  find(values: readonly LabelValue[]): T {
    let level = this.#root
    const last = values.length - 1
    for (let index = 0; index < last; index += 1) {
      const next = level.get(values[index]) as Level<T> | undefined
      if (!next) return this.#add(values)
      level = next
    }
    return (level.get(values[last]) as T | undefined) ?? this.#add(values)
  }

  #add(values: readonly LabelValue[]): T {
    const { labelNames, maxSeries, create, onOverflow } = this.#options
    if (this.#all.length >= maxSeries) {
      onOverflow()
      this.#overflow ??= create(OVERFLOW_LABELS)
      return this.#overflow
    }
    const labels: Record<string, string | number> = {}
    for (const [index, name] of labelNames.entries()) {
      const value = values[index]
      if (value !== undefined) labels[name] = value
    }
    let level = this.#root
    for (const value of values.slice(0, -1)) {
      const next = (level.get(value) as Level<T> | undefined) ?? new Map()
      level.set(value, next)
      level = next
    }
    const series = create(labels)
    level.set(values.at(-1), series)
    this.#all.push(series)
    return series
  }

  clear(): void {
    this.#all = []
    this.#root.clear()
    this.#overflow = undefined
  }

  /** All series in the order of their appearance, then the one for the rest. */
  *[Symbol.iterator](): IterableIterator<T> {
    yield* this.#all
    if (this.#overflow !== undefined) yield this.#overflow
  }
}
