import {
  BURN_ALERTS,
  type BurnAlert,
  type BurnCondition,
  WINDOW_SECONDS,
  type WindowName,
} from './burn-rate.ts'
import { formatDuration } from './duration.ts'
import { alertPrefix, errorBudget, type Objective } from './objective.ts'
import type { Profile } from './profile.ts'
import { seriesOf } from './promql.ts'

export interface AlertRule {
  readonly alert: string
  readonly expr: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** The alerts of one objective: a page for a fast burn, a ticket for a slow one. */
export function alertRules(objective: Objective, profile: Profile): readonly AlertRule[] {
  return BURN_ALERTS.map((alert) => {
    const name = `${alertPrefix(objective)}${alert.suffix}`
    return {
      alert: name,
      expr: alert.conditions.map((condition) => expression(objective, condition)).join('\nor\n'),
      labels: { severity: alert.severity, slo: objective.name, service: objective.service },
      annotations: {
        summary: `${objective.displayName}: the error budget burns {{ printf "%.3g" $value }} times too fast`,
        description: description(objective, profile, alert),
        runbook_url: `docs/runbooks/${name}.md`,
        dashboard_url: `/d/service?var-service=${objective.service}`,
      },
    }
  })
}

function expression(objective: Objective, condition: BurnCondition): string {
  const series = seriesOf(objective)
  const burns = (window: WindowName): string =>
    `slo:burn_rate:ratio_rate${window}${series} > ${condition.burnRate}`
  return `(\n  ${burns(condition.long)}\n  and\n  ${burns(condition.short)}\n)`
}

/** Says the numbers that the alert was decided on, over the windows that it really looked at. */
function description(objective: Objective, profile: Profile, alert: BurnAlert): string {
  const measured = alert.conditions.map(
    ({ long, short }) => `${share(objective, profile, long)} (${share(objective, profile, short)})`,
  )
  const budget = `${Number((errorBudget(objective) * 100).toPrecision(6))}%`
  const window = formatDuration((objective.windowDays * 86_400) / profile.divisor)
  return (
    `Bad events of ${objective.service}: ${measured.join(', ')}; the objective allows ${budget}. ` +
    `Budget left of the last ${window}: ${numberOf('slo:error_budget_remaining:ratio', objective)}.`
  )
}

function share(objective: Objective, profile: Profile, window: WindowName): string {
  const range = formatDuration(WINDOW_SECONDS[window] / profile.divisor)
  return `${numberOf(`slo:sli_error:ratio_rate${window}`, objective)} in ${range}`
}

/** An alert's template that looks up a recorded ratio; without a sample it says so. */
function numberOf(record: string, objective: Objective): string {
  const query = `${record}${seriesOf(objective)}`
  return `{{ with query \`${query}\` }}{{ . | first | value | humanizePercentage }}{{ else }}no data{{ end }}`
}
