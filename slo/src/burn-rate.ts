/** A window as the objective names it; a profile may shorten it, the name stays. */
export type WindowName = '5m' | '30m' | '1h' | '2h' | '6h' | '1d' | '3d'

/** Length of each window in seconds, before a profile divides it. */
export const WINDOW_SECONDS: Readonly<Record<WindowName, number>> = {
  '5m': 300,
  '30m': 1_800,
  '1h': 3_600,
  '2h': 7_200,
  '6h': 21_600,
  '1d': 86_400,
  '3d': 259_200,
}

/** The long window says that the burn matters, the short one that it still goes on. */
export interface BurnCondition {
  /** Multiple of the rate that would spend exactly the budget over the objective's window. */
  readonly burnRate: number
  readonly long: WindowName
  readonly short: WindowName
}

/** One alert of an objective; it fires when any of its conditions holds. */
export interface BurnAlert {
  readonly suffix: 'FastBurn' | 'SlowBurn'
  readonly severity: 'page' | 'ticket'
  readonly conditions: readonly BurnCondition[]
}

/**
 * Multi-window, multi-burn-rate alerts with the numbers of the Site Reliability Workbook, table 5-8:
 * 2 % of the budget in an hour or 5 % in six hours page, 10 % in one or in three days make a ticket.
 *
 * @see https://sre.google/workbook/alerting-on-slos/#6-multiwindow-multi-burn-rate-alerts
 */
export const BURN_ALERTS: readonly BurnAlert[] = [
  {
    suffix: 'FastBurn',
    severity: 'page',
    conditions: [
      { burnRate: 14.4, long: '1h', short: '5m' },
      { burnRate: 6, long: '6h', short: '30m' },
    ],
  },
  {
    suffix: 'SlowBurn',
    severity: 'ticket',
    conditions: [
      { burnRate: 3, long: '1d', short: '2h' },
      { burnRate: 1, long: '3d', short: '6h' },
    ],
  },
]
