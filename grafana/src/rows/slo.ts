import { bySeries, dotted } from '../colours.ts'
import { cellToService } from '../links.ts'
import { pageBurnRates } from '../objectives.ts'
import { type KitPanel, type KitRow, type MayBeEmpty, steps } from '../panels/panel.ts'
import { table } from '../panels/table.ts'
import { stat, timeSeries } from '../panels/time-series.ts'
import { type Matchers, select, sumBy } from '../queries/promql.ts'

/** What is left of the error budget, one number per objective. */
export function budgetRemaining(
  width: number,
  height: number,
  matchers?: Matchers,
  mayBeEmpty?: MayBeEmpty,
): KitPanel {
  return stat({
    title: 'Error budget left',
    description:
      'Share of the error budget of the whole window that is not spent. 100 % is untouched, below 0 the objective is missed.',
    width,
    height,
    unit: 'percentunit',
    decimals: 1,
    thresholds: steps('red', [0, 'orange'], [0.25, 'yellow'], [0.5, 'green']),
    expr: select('slo:error_budget_remaining:ratio', matchers),
    legend: '{{slo}}',
    ...(mayBeEmpty && { mayBeEmpty }),
  })
}

const burnRate = timeSeries({
  title: 'Burn rate',
  description: `How many times faster than sustainable the budget is being spent: 1 spends exactly all of it by the end of the window. A page needs the hour above ${pageBurnRates.fast} and the last five minutes too, or six hours above ${pageBurnRates.slow}. With scaled windows the names stay those of the objective.`,
  width: 10,
  unit: 'suffix:×',
  softMax: 2,
  thresholds: steps('transparent', [pageBurnRates.slow, 'orange'], [pageBurnRates.fast, 'red']),
  overrides: [bySeries('5m$', dotted)],
  queries: [
    { expr: select('slo:burn_rate:ratio_rate1h'), legend: '{{slo}} 1h' },
    { expr: select('slo:burn_rate:ratio_rate5m'), legend: '{{slo}} 5m' },
  ],
})

/** Alerts that fire, each with its runbook, in the width and height that there is. */
export const firingAlerts = (width: number, height: number, matchers?: Matchers): KitPanel =>
  table({
    title: 'Firing alerts',
    description:
      'Alerts that fire now, each with its runbook in the repository. The service leads to its dashboard. Empty is good news.',
    width,
    height,
    labels: [
      { label: 'severity', header: 'Severity' },
      { label: 'alertname', header: 'Alert' },
      { label: 'service', header: 'Service', link: cellToService },
      { label: 'runbook', header: 'Runbook' },
    ],
    values: [
      {
        expr: `label_replace(${sumBy(
          ['alertname', 'severity', 'service'],
          select('ALERTS', { alertstate: '="firing"', ...matchers }),
        )}, "runbook", "docs/runbooks/$1.md", "alertname", "(.*)")`,
        header: 'Firing',
        unit: 'short',
      },
    ],
    labelsOnly: true,
    mayBeEmpty: { when: 'healthy', why: 'No alert is firing' },
  })

/** Is anyone hurt? Budget, how fast it goes, and what has paged. */
export const sloRow: KitRow = {
  title: 'Objectives and alerts',
  panels: [budgetRemaining(6, 8), burnRate, firingAlerts(8, 8)],
}
