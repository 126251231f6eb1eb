import { readdir, readFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { objectives, SLO_FOLDER } from '../src/objectives.ts'
import { promtool } from './promtool.ts'

const ROOT = dirname(SLO_FOLDER)

async function files(folder: string): Promise<readonly string[]> {
  return (await readdir(join(ROOT, folder))).sort().map((file) => join(ROOT, folder, file))
}

const RULES = (
  await Promise.all([
    files('slo/rules/drill'),
    files('slo/rules/production'),
    files('backends/prometheus/rules'),
  ])
).flat()
const TESTS = await files('backends/prometheus/tests')

test('promtool finds every rule file in order', async () => {
  expect(await promtool('check', 'rules', '--lint=all', '--lint-fatal', ...RULES)).not.toMatch(/FAILED|error/)
})

test.each(TESTS.map((file) => [relative(ROOT, file), file]))('%s', { timeout: 300_000 }, async (_, file) => {
  await promtool('test', 'rules', file)
})

interface Alert {
  readonly alert: string
  readonly expr: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

async function alerts(): Promise<readonly Alert[]> {
  const groups = (
    await Promise.all(RULES.map(async (file) => parse(await readFile(file, 'utf8')).groups))
  ).flat()
  return groups.flatMap(({ rules }: { readonly rules: readonly Alert[] }) =>
    rules.filter(({ alert }) => alert !== undefined),
  )
}

test('every alert fires in a unit test', async () => {
  const texts = await Promise.all(TESTS.map((file) => readFile(file, 'utf8')))
  const cases = texts.flatMap((text): RuleTest[] => parse(text).tests)
  const fired = new Set([
    // those of every objective fire in objectives.test.ts
    ...Object.values(objectives).flatMap(({ alerts }) => Object.values(alerts)),
    ...cases
      .flatMap(({ alert_rule_test = [] }) => alert_rule_test)
      .filter(({ exp_alerts = [] }) => exp_alerts.length > 0)
      .map(({ alertname }) => alertname),
  ])
  expect((await alerts()).filter(({ alert }) => !fired.has(alert)).map(({ alert }) => alert)).toEqual([])
})

interface RuleTest {
  readonly alert_rule_test?: readonly {
    readonly alertname: string
    readonly exp_alerts?: readonly unknown[]
  }[]
}

describe('runbooks', async () => {
  const all = await alerts()
  const names = [...new Set(all.map(({ alert }) => alert))].sort()
  const runbooks = (await readdir(join(ROOT, 'docs/runbooks'))).filter((file) => file !== 'README.md')

  test('every alert has one, and every one has an alert', () => {
    expect(runbooks.sort()).toEqual(names.map((name) => `${name}.md`))
  })

  test.each(all.map((alert) => [alert.alert, alert] as const))(
    '%s says who it concerns and where to read on',
    (name, alert) => {
      expect(alert.labels.severity).toMatch(/^(page|ticket)$/)
      expect(alert.labels.service).toBeTruthy()
      expect(alert.annotations.summary).toBeTruthy()
      expect(alert.annotations.description).toBeTruthy()
      expect(alert.annotations.runbook_url).toBe(`docs/runbooks/${name}.md`)
      expect(alert.annotations.dashboard_url).toMatch(/^\/d\//)
    },
  )

  test.each(names)('the one of %s has its five parts', async (name) => {
    const text = await readFile(join(ROOT, 'docs/runbooks', `${name}.md`), 'utf8')
    expect(text.match(/^# .*/m)?.[0]).toBe(`# ${name}`)
    expect([...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title)).toEqual([
      'Meaning',
      'Impact',
      'First five minutes',
      'Causes',
      'Cure',
    ])
  })
})
