import { formatDuration, type Profile, WINDOW_SECONDS } from './clock.ts'
import type { Objective } from './openslo.ts'

type WindowName = keyof typeof WINDOW_SECONDS

/** An alert fires when the burn rate of the long window and of the short one are above the condition's. */
interface BurnCondition {
  /** Multiple of the rate that would spend exactly the budget over the objective's window. */
  readonly burnRate: number
  /** Says that the burn matters. */
  readonly long: WindowName
  /** Says that it still goes on. */
  readonly short: WindowName
}

type Severity = keyof Objective['alerts']

/**
 * Multi-window, multi-burn-rate alerts with the numbers of the Site Reliability Workbook, table 5-8:
 * 2 % of the budget in an hour or 5 % in six hours page, 10 % in one or in three days make a ticket.
 * Either condition is enough.
 *
 * @see https://sre.google/workbook/alerting-on-slos/#6-multiwindow-multi-burn-rate-alerts
 */
export const BURN_CONDITIONS = {
  page: [
    { burnRate: 14.4, long: '1h', short: '5m' },
    { burnRate: 6, long: '6h', short: '30m' },
  ],
  ticket: [
    { burnRate: 3, long: '1d', short: '2h' },
    { burnRate: 1, long: '3d', short: '6h' },
  ],
} as const satisfies Record<Severity, readonly BurnCondition[]>

interface AlertRule {
  readonly alert: string
  readonly expr: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** The alerts of one objective: a page for a fast burn, a ticket for a slow one. */
export function alertRules(objective: Objective, profile: Profile): readonly AlertRule[] {
  return (['page', 'ticket'] as const).map((severity) => {
    const alert = objective.alerts[severity]
    return {
      alert,
      expr: BURN_CONDITIONS[severity].map((condition) => expression(objective, condition)).join('\nor\n'),
      labels: { severity, slo: objective.name, service: objective.service },
      annotations: {
        summary: `${objective.displayName}: the error budget burns {{ printf "%.3g" $value }} times too fast`,
        description: description(objective, profile, BURN_CONDITIONS[severity]),
        runbook_url: `docs/runbooks/${alert}.md`,
        dashboard_url: `/d/service?var-service=${objective.service}`,
      },
    }
  })
}

function expression({ name }: Objective, { burnRate, long, short }: BurnCondition): string {
  const burns = (window: WindowName): string =>
    `slo:burn_rate:ratio_rate${window}{slo="${name}"} > ${burnRate}`
  return `(\n  ${burns(long)}\n  and\n  ${burns(short)}\n)`
}

/** Says the numbers that the alert was decided on, over the windows that it really looked at. */
function description(objective: Objective, profile: Profile, conditions: readonly BurnCondition[]): string {
  const { name, service, errorBudget, windowDays } = objective
  const share = (window: WindowName): string =>
    `${numberOf(`slo:sli_error:ratio_rate${window}`, name)} in ${formatDuration(WINDOW_SECONDS[window] / profile.divisor)}`
  const measured = conditions.map(({ long, short }) => `${share(long)} (${share(short)})`)
  const budget = `${Number((errorBudget * 100).toPrecision(6))}%`
  const window = formatDuration((windowDays * 86_400) / profile.divisor)
  return (
    `Bad events of ${service}: ${measured.join(', ')}; the objective allows ${budget}. ` +
    `Budget left of the last ${window}: ${numberOf('slo:error_budget_remaining:ratio', name)}.`
  )
}

/** An alert's template that looks up a recorded ratio; without a sample it says so. */
function numberOf(record: string, slo: string): string {
  const query = `${record}{slo="${slo}"}`
  return `{{ with query \`${query}\` }}{{ . | first | value | humanizePercentage }}{{ else }}no data{{ end }}`
}
