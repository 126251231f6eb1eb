/** What is proved of every objective, whatever it counts. Times are minutes of the objective; a profile divides them. */
import { BURN_CONDITIONS } from '../src/alerts.ts'
import { WINDOW_SECONDS } from '../src/clock.ts'
import type { Objective } from '../src/openslo.ts'
import type { Segment, Series } from './traffic.ts'

type Severity = keyof typeof BURN_CONDITIONS

export interface Case {
  readonly name: string
  /** What happens to the objective's counters. */
  readonly traffic?: readonly Segment[]
  /** Series in place of those counters. */
  readonly series?: Series
  readonly expected: readonly Expectation[]
  /** Texts of alerts that fire. */
  readonly alerts?: readonly {
    readonly atMinute: number
    readonly severity: Severity
    readonly summary: string
    readonly description: string
  }[]
}

interface Expectation {
  readonly atMinute: number
  readonly expr: string
  /** Undefined: there is no sample. */
  readonly value?: number
}

const HOURS_6 = 360
const DAYS_3 = 4_320

export const firing = (alert: string): string => `count(ALERTS{alertname="${alert}", alertstate="firing"})`
const minutes = (window: keyof typeof WINDOW_SECONDS): number => WINDOW_SECONDS[window] / 60
const round = (record: string): string => `round(${record}, 0.0001)`

/** Minutes after which an alert fires when a share of events is bad, after a long time without. */
function firesAfter(severity: Severity, share: number, budget: number): number {
  const times = BURN_CONDITIONS[severity].map(({ burnRate, long }) =>
    share > burnRate * budget ? (burnRate * budget * minutes(long)) / share : Number.POSITIVE_INFINITY,
  )
  return Math.min(...times)
}

export function casesOf({ alerts, errorBudget: budget }: Objective): readonly Case[] {
  const page = firing(alerts.page)
  return [
    {
      name: 'exactly the budget: neither page nor ticket, and nothing left of the budget',
      traffic: [{ steps: 600, bad: budget }],
      expected: [
        { atMinute: 570, expr: 'ALERTS' },
        { atMinute: 570, expr: round('slo:burn_rate:ratio_rate1h'), value: 1 },
        { atMinute: 570, expr: round('slo:error_budget_remaining:ratio'), value: 0 },
      ],
    },
    {
      name: 'twice the budget: no page',
      traffic: [{ steps: 400, bad: 2 * budget }],
      expected: [
        { atMinute: 300, expr: round('slo:sli_error:ratio_rate1h'), value: 2 * budget },
        { atMinute: 300, expr: round('slo:burn_rate:ratio_rate1h'), value: 2 },
        { atMinute: 300, expr: `count(ALERTS{alertname="${alerts.page}"})` },
      ],
    },
    {
      name: 'half the budget, and a night without traffic',
      traffic: [{ steps: 400, bad: budget / 2 }, { steps: 100 }, { steps: 100, bad: budget / 2 }],
      expected: [
        { atMinute: 360, expr: 'ALERTS' },
        { atMinute: 480, expr: 'slo:sli_error:ratio_rate5m' },
        { atMinute: 590, expr: 'ALERTS' },
        { atMinute: 590, expr: round('slo:error_budget_remaining:ratio'), value: 0.5 },
      ],
    },
    ...[1, 50 * budget, 20 * budget, 7 * budget]
      .filter((share) => share <= 1 && Number.isFinite(firesAfter('page', share, budget)))
      .map((share): Case => {
        const after = firesAfter('page', share, budget)
        return {
          name: `${percent(share)} are bad: a page after ${after.toFixed(1)} minutes`,
          traffic: [
            { steps: HOURS_6, bad: 0 },
            { steps: Math.ceil(after) + 5, bad: share },
          ],
          expected: [
            { atMinute: HOURS_6 + Math.floor(after) - 1, expr: page },
            { atMinute: HOURS_6 + Math.ceil(after) + 1, expr: page, value: 1 },
          ],
        }
      }),
    ...[15, 30].map((fault): Case => {
      // the page goes on until the short window of the slower pair that has fired is over
      const [fast, slow] = BURN_CONDITIONS.page
      const lasts = minutes(fault / minutes(slow.long) > slow.burnRate * budget ? slow.short : fast.short)
      return {
        name: `everything is bad for ${fault} minutes: the page ends ${lasts} minutes later, also after a restart`,
        traffic: [
          { steps: HOURS_6, bad: 0 },
          { steps: fault, bad: 1 },
          { steps: 100, bad: 0, ...(fault === 30 && { restart: true }) },
        ],
        expected: [
          { atMinute: HOURS_6 + fault - 1, expr: page, value: 1 },
          { atMinute: HOURS_6 + fault + lasts + 2, expr: page },
        ],
      }
    }),
    {
      name: 'traffic that stops in the middle of a failure ends the page',
      traffic: [{ steps: 60, bad: 1 }, { steps: 60 }],
      expected: [
        { atMinute: 60, expr: page, value: 1 },
        { atMinute: 95, expr: page },
      ],
    },
    {
      name: 'no traffic: no ratio, no NaN, no alert',
      traffic: [{ steps: 400 }],
      expected: [
        { atMinute: 390, expr: '{__name__=~"slo:(sli_error|burn_rate|error_budget_remaining).*"}' },
        { atMinute: 390, expr: round('slo:sli_total:rate5m'), value: 0 },
        { atMinute: 390, expr: 'ALERTS' },
      ],
    },
    {
      name: 'no metrics: no alert here, TelemetryTargetDown is for that',
      series: [],
      expected: [{ atMinute: 390, expr: '{__name__=~"slo:(sli|burn).*|ALERTS"}' }],
    },
  ]
}

/** Of days rather than hours, so with a step of two minutes, the least that a window of five minutes needs. */
export function slowCasesOf({ alerts, errorBudget: budget }: Objective): readonly Case[] {
  const share = Math.min(1, 5 * budget)
  const after = firesAfter('ticket', share, budget)
  return [
    {
      name: `${percent(share)} are bad: no page, a ticket after ${(after / 60).toFixed(1)} hours`,
      traffic: [
        { steps: DAYS_3 / 2, bad: 0 },
        { steps: Math.ceil(after / 2) + 30, bad: share },
      ],
      expected: [
        { atMinute: DAYS_3 + Math.floor(after) - 4, expr: firing(alerts.ticket) },
        { atMinute: DAYS_3 + Math.ceil(after) + 4, expr: firing(alerts.ticket), value: 1 },
        { atMinute: DAYS_3 + Math.ceil(after) + 40, expr: `count(ALERTS{alertname="${alerts.page}"})` },
      ],
    },
  ]
}

const percent = (share: number): string => `${Number((share * 100).toPrecision(3))} %`
