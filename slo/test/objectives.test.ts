import { join } from 'node:path'
import { describe, test } from 'vitest'
import { PROFILES, type Profile } from '../src/clock.ts'
import { objectives, SLO_FOLDER } from '../src/objectives.ts'
import type { Objective } from '../src/openslo.ts'
import { type Case, casesOf, slowCasesOf } from './cases.ts'
import { COUNTED } from './counted.ts'
import { testRules } from './promtool.ts'
import { countersOf } from './traffic.ts'

/** A file of promtool's tests. */
function fileOf(objective: Objective, profile: Profile, stepMinutes: number, cases: readonly Case[]) {
  const { name, service } = objective
  const seconds = (minutes: number): string => `${Math.round((minutes * 60) / profile.divisor)}s`
  return {
    rule_files: [join(SLO_FOLDER, `rules/${profile.name}/${name}.rules.yaml`)],
    evaluation_interval: seconds(stepMinutes),
    fuzzy_compare: true,
    tests: cases.map(({ traffic, series, expected, alerts = [], ...described }) => ({
      name: described.name,
      interval: seconds(stepMinutes),
      input_series: series ?? countersOf(objective, traffic ?? []),
      promql_expr_test: expected.map(({ atMinute, expr, value }) => ({
        expr,
        eval_time: seconds(atMinute),
        exp_samples:
          value === undefined
            ? []
            : [{ labels: expr.startsWith('count') ? '{}' : `{slo="${name}", service="${service}"}`, value }],
      })),
      alert_rule_test: alerts.map(({ atMinute, severity, summary, description }) => ({
        eval_time: seconds(atMinute),
        alertname: objective.alerts[severity],
        exp_alerts: [
          {
            exp_labels: { severity, slo: name, service },
            exp_annotations: {
              summary,
              description,
              runbook_url: `docs/runbooks/${objective.alerts[severity]}.md`,
              dashboard_url: `/d/service?var-service=${service}`,
            },
          },
        ],
      })),
    })),
  }
}

describe.each(Object.entries(objectives))('%s', (name, objective) => {
  test.each(PROFILES)('alerts in time in the profile $name', { timeout: 300_000 }, async (profile) => {
    const own = COUNTED.filter((one) => one.objective === name)
    await testRules(
      fileOf(objective, profile, 1, [...casesOf(objective), ...own]),
      fileOf(objective, profile, 2, slowCasesOf(objective)),
    )
  })
})

describe('the text of an alert has the numbers over the windows of its profile', () => {
  const objective = objectives['catalog-availability']
  const text = 'Catalog availability: the error budget burns'

  test.each([
    [
      'drill',
      150,
      15,
      `${text} 25.1 times too fast`,
      'Bad events of catalog: 25.11% in 2m (100% in 10s), 9.091% in 12m (50.88% in 1m); the objective allows 1%. Budget left of the last 1d: -700%.',
    ],
    [
      'production',
      360,
      10,
      `${text} 16.7 times too fast`,
      'Bad events of catalog: 16.71% in 1h (100% in 5m), 2.778% in 6h (33.72% in 30m); the objective allows 1%. Budget left of the last 30d: -117.7%.',
    ],
  ])('page, %s', async (profileName, healthy, failing, summary, description) => {
    const profile = PROFILES.find(({ name }) => name === profileName) as Profile
    const page: Case = {
      name: 'page',
      traffic: [
        { steps: healthy, bad: 0 },
        { steps: 60, bad: 1 },
      ],
      expected: [],
      alerts: [{ atMinute: healthy + failing, severity: 'page', summary, description }],
    }
    await testRules(fileOf(objective, profile, 1, [page]))
  })

  test('ticket, drill', { timeout: 300_000 }, async () => {
    const [slow] = slowCasesOf(objective)
    const profile = PROFILES.find(({ name }) => name === 'drill') as Profile
    const ticket: Case = {
      name: 'ticket',
      traffic: slow?.traffic ?? [],
      expected: [],
      alerts: [
        {
          atMinute: 5220,
          severity: 'ticket',
          summary: `${text} 3.12 times too fast`,
          description:
            'Bad events of catalog: 3.12% in 48m (5% in 4m), 1.04% in 2h24m (5% in 12m); the objective allows 1%. Budget left of the last 1d: 13.92%.',
        },
      ],
    }
    await testRules(fileOf(objective, profile, 2, [ticket]))
  })
})
