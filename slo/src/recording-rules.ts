import { formatDuration, type Profile, WINDOW_SECONDS } from './clock.ts'
import type { Indicator, Objective } from './openslo.ts'

interface RecordingRule {
  readonly record: string
  readonly expr: string
  readonly labels?: Readonly<Record<string, string>>
}

const DAY = 86_400
/** Windows from here on are summed from recorded rates; shorter ones come exactly from the counters. */
const LONG = DAY

const entries = Object.entries(WINDOW_SECONDS)

/**
 * All series of one objective, each after those that it reads: within a group rules are evaluated in
 * order, so an alert sees the counters of its own evaluation.
 *
 * Names hold the windows of the objective, in every profile, so that dashboards, alerts and runbooks do
 * not change with it; `slo:time_window:seconds` tells how long the objective's window really is.
 */
export function recordingRules(objective: Objective, profile: Profile): readonly RecordingRule[] {
  const { indicator, windowDays, errorBudget } = objective
  const labels = { slo: objective.name, service: objective.service }
  const windowSeconds = (windowDays * DAY) / profile.divisor
  const range = (seconds: number): string => formatDuration(seconds / profile.divisor)
  const series = `{slo="${objective.name}"}`

  return [
    { record: 'slo:objective:ratio', expr: `vector(${objective.target})`, labels },
    { record: 'slo:error_budget:ratio', expr: `vector(${errorBudget})`, labels },
    { record: 'slo:time_window:seconds', expr: `vector(${windowSeconds})`, labels },
    { record: 'slo:sli_bad:rate5m', expr: badRate(indicator, range(WINDOW_SECONDS['5m'])), labels },
    { record: 'slo:sli_total:rate5m', expr: totalRate(indicator, range(WINDOW_SECONDS['5m'])), labels },
    ...entries.map(([window, seconds]) =>
      seconds < LONG
        ? { record: `slo:sli_error:ratio_rate${window}`, expr: errorRatio(indicator, range(seconds)), labels }
        : {
            record: `slo:sli_error:ratio_rate${window}`,
            expr: recordedErrorRatio(series, range(seconds)),
          },
    ),
    {
      record: `slo:sli_error:ratio_rate${windowDays}d`,
      expr: recordedErrorRatio(series, formatDuration(windowSeconds)),
    },
    ...entries.map(([window]) => ({
      record: `slo:burn_rate:ratio_rate${window}`,
      expr: `slo:sli_error:ratio_rate${window}${series} / ${errorBudget}`,
    })),
    {
      record: 'slo:error_budget_remaining:ratio',
      expr: `1 - slo:sli_error:ratio_rate${windowDays}d${series} / ${errorBudget}`,
    },
  ]
}

/** Events per second over the last `range`, over all series of the selector. */
function rate(selector: string, range: string): string {
  return `sum(rate(${selector}[${range}]))`
}

/** All events per second over `range`. Empty when there are no series, 0 when nothing happens. */
function totalRate(indicator: Indicator, range: string): string {
  return rate(indicator.total, range)
}

/**
 * Bad events per second over `range`.
 *
 * A counter of bad events has no series before the first one: that is 0, as long as events are counted
 * at all. Counters that are subtracted are scraped at the same moment but extrapolated one by one, so a
 * difference may come out a hair below 0.
 */
function badRate(indicator: Indicator, range: string): string {
  const total = totalRate(indicator, range)
  if (indicator.kind === 'bad') return `(${rate(indicator.bad, range)} or 0 * ${total})`
  return `clamp_min(${total} - (${rate(indicator.good, range)} or 0 * ${total}), 0)`
}

/** The share of bad events over `range`, from the counters. No traffic gives no sample: never NaN. */
function errorRatio(indicator: Indicator, range: string): string {
  return `${badRate(indicator, range)}\n/\n(${totalRate(indicator, range)} > 0)`
}

/**
 * The share of bad events over a long `range`, from the recorded rates: weighted by traffic as the
 * counters are, but one series with a sample per evaluation in place of all of them with one per scrape.
 */
function recordedErrorRatio(series: string, range: string): string {
  return `sum_over_time(slo:sli_bad:rate5m${series}[${range}])\n/\n(sum_over_time(slo:sli_total:rate5m${series}[${range}]) > 0)`
}
