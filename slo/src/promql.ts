import type { Indicator, Objective } from './objective.ts'

/** Events per second over the last `range`, over all series of the selector. */
function rate(selector: string, range: string): string {
  return `sum(rate(${selector}[${range}]))`
}

/** All events per second over `range`. Empty when there are no series, 0 when nothing happens. */
export function totalRate(indicator: Indicator, range: string): string {
  return rate(indicator.total, range)
}

/**
 * Bad events per second over `range`.
 *
 * A counter of bad events has no series before the first one: that is 0, as long as events are counted
 * at all. Counters that are subtracted are scraped at the same moment but extrapolated one by one, so a
 * difference may come out a hair below 0.
 */
export function badRate(indicator: Indicator, range: string): string {
  const total = totalRate(indicator, range)
  if (indicator.kind === 'bad') return `(${rate(indicator.bad, range)} or 0 * ${total})`
  return `clamp_min(${total} - (${rate(indicator.good, range)} or 0 * ${total}), 0)`
}

/** The share of bad events over `range`, from the counters. No traffic gives no sample: never NaN. */
export function errorRatio(indicator: Indicator, range: string): string {
  return `${badRate(indicator, range)}\n/\n(${totalRate(indicator, range)} > 0)`
}

/**
 * The share of bad events over a long `range`, from the recorded rates: weighted by traffic as the
 * counters are, but one series with a sample per evaluation in place of all of them with one per scrape.
 */
export function recordedErrorRatio(objective: Objective, range: string): string {
  const labels = seriesOf(objective)
  return `sum_over_time(slo:sli_bad:rate5m${labels}[${range}])\n/\n(sum_over_time(slo:sli_total:rate5m${labels}[${range}]) > 0)`
}

/** The label matcher that all series of an objective share. */
export function seriesOf(objective: Objective): string {
  return `{slo="${objective.name}"}`
}
