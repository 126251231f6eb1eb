/** The few shapes of PromQL that dashboards are made of, so that each query is spelt the same way everywhere. */
import type { HistogramName, MetricName } from '../generated/signals.ts'

/** Label matchers by label: the operator and the quoted value, as in `{ service_name: '="catalog"' }`. */
export type Matchers = Readonly<Record<string, string>>

type SeriesName = MetricName | `${HistogramName}_${'bucket' | 'sum' | 'count'}`

/** An instant vector selector. */
export function select(series: SeriesName, matchers: Matchers = {}): string {
  const pairs = Object.entries(matchers).map(([label, matcher]) => `${label}${matcher}`)
  return pairs.length === 0 ? series : `${series}{${pairs.join(', ')}}`
}

/** Per-second rate of a counter, over the window that Grafana fits to the scrape interval and the zoom. */
export const rate = (series: SeriesName, matchers?: Matchers): string =>
  `rate(${select(series, matchers)}[$__rate_interval])`

/** `sum by (labels) (expression)`; no labels sum it all up. */
export const sumBy = (labels: readonly string[], expression: string): string =>
  labels.length === 0 ? `sum(${expression})` : `sum by (${labels.join(', ')}) (${expression})`

export const maxBy = (labels: readonly string[], expression: string): string =>
  `max by (${labels.join(', ')}) (${expression})`

/**
 * Quantile of a classic histogram.
 *
 * @param quantile 0 to 1
 */
export function quantile(
  quantile: number,
  histogram: HistogramName,
  labels: readonly string[],
  matchers?: Matchers,
): string {
  return `histogram_quantile(${quantile}, ${sumBy(['le', ...labels], rate(`${histogram}_bucket`, matchers))})`
}

/** Tells a part of all events, such as the failed ones, from the rest: two opposite matchers of one label. */
export interface Part {
  readonly label: string
  readonly inside: string
  readonly outside: string
}

/**
 * Share of all events that the part makes up, 0 to 1: there whenever there are events, and 0 when none is in the part.
 *
 * A counter has no series for what never happened, so part / all would be empty for a service that never failed.
 * 1 - rest / all is not; and where there is no rest, the second half answers.
 */
export function shareOf(
  counter: SeriesName,
  { label, inside, outside }: Part,
  labels: readonly string[],
  matchers: Matchers = {},
): string {
  const of = (matcher?: string): string =>
    sumBy(labels, rate(counter, matcher === undefined ? matchers : { ...matchers, [label]: matcher }))
  return `(1 - ${of(outside)} / ${of()}) or (${of(inside)} / ${of()})`
}
