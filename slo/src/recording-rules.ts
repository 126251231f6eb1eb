import { WINDOW_SECONDS, type WindowName } from './burn-rate.ts'
import { formatDuration } from './duration.ts'
import { errorBudget, type Objective } from './objective.ts'
import type { Profile } from './profile.ts'
import { badRate, errorRatio, recordedErrorRatio, seriesOf, totalRate } from './promql.ts'

export interface RecordingRule {
  readonly record: string
  readonly expr: string
  readonly labels?: Readonly<Record<string, string>>
}

const DAY = 86_400
/** Windows from here on are summed from recorded rates; shorter ones come exactly from the counters. */
const LONG = DAY

const entries = Object.entries(WINDOW_SECONDS) as [WindowName, number][]

/**
 * All series of one objective, each after those that it reads: within a group rules are evaluated in
 * order, so an alert sees the counters of its own evaluation.
 *
 * Names hold the windows of the objective, in every profile, so that dashboards, alerts and runbooks do
 * not change with it; `slo:time_window:seconds` tells how long the objective's window really is.
 */
export function recordingRules(objective: Objective, profile: Profile): readonly RecordingRule[] {
  const { indicator, windowDays } = objective
  const labels = { slo: objective.name, service: objective.service }
  const budget = errorBudget(objective)
  const windowSeconds = (windowDays * DAY) / profile.divisor
  const range = (seconds: number): string => formatDuration(seconds / profile.divisor)
  const series = seriesOf(objective)

  return [
    { record: 'slo:objective:ratio', expr: `vector(${objective.target})`, labels },
    { record: 'slo:error_budget:ratio', expr: `vector(${budget})`, labels },
    { record: 'slo:time_window:seconds', expr: `vector(${windowSeconds})`, labels },
    { record: 'slo:sli_bad:rate5m', expr: badRate(indicator, range(WINDOW_SECONDS['5m'])), labels },
    { record: 'slo:sli_total:rate5m', expr: totalRate(indicator, range(WINDOW_SECONDS['5m'])), labels },
    ...entries.map(([window, seconds]) =>
      seconds < LONG
        ? { record: `slo:sli_error:ratio_rate${window}`, expr: errorRatio(indicator, range(seconds)), labels }
        : {
            record: `slo:sli_error:ratio_rate${window}`,
            expr: recordedErrorRatio(objective, range(seconds)),
          },
    ),
    {
      record: `slo:sli_error:ratio_rate${windowDays}d`,
      expr: recordedErrorRatio(objective, formatDuration(windowSeconds)),
    },
    ...entries.map(([window]) => ({
      record: `slo:burn_rate:ratio_rate${window}`,
      expr: `slo:sli_error:ratio_rate${window}${series} / ${budget}`,
    })),
    {
      record: 'slo:error_budget_remaining:ratio',
      expr: `1 - slo:sli_error:ratio_rate${windowDays}d${series} / ${budget}`,
    },
  ]
}
