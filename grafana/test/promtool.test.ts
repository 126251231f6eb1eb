import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { resolveBinary } from '@faultline/toolchain'
import { execa } from 'execa'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { stringify } from 'yaml'
import { errors, serverRequests } from '../src/queries/red.ts'
import { substituted, targets } from '../src/test-support.ts'
import { pluginIds } from '../src/variables.ts'

// lezer's grammar has no types: it takes `rate(up)`. Prometheus' own parser does not.
let folder: string
let promtool: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faultline-grafana-'))
  promtool = (await resolveBinary('promtool')).path
})
afterAll(() => rm(folder, { recursive: true }))

async function write(name: string, content: unknown): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, stringify(content))
  return path
}

const recording = (rules: readonly { record: string; expr: string }[]) => ({
  groups: [{ name: 'dashboards', interval: '1m', rules }],
})

describe('PromQL of the panels', () => {
  it('is accepted by Prometheus, types included', async () => {
    const queries = targets.filter(({ target }) => target.datasource.type === pluginIds.prometheus)
    const rules = await write(
      'panels.rules.yaml',
      recording(
        queries.map(({ target: { expr = '' } }, index) => ({
          record: `panel:${index}`,
          expr: substituted(expr),
        })),
      ),
    )
    const { stdout } = await execa(promtool, ['check', 'rules', rules])
    expect(stdout).toContain(`SUCCESS: ${queries.length} rules found`)
  })
})

describe('the share of failed requests', () => {
  const series = (service: string, status: string, values: string) => ({
    series: `http_server_request_duration_seconds_count{service_name="${service}", http_response_status_code="${status}"}`,
    values,
  })
  const sample = (service: string, value: number) => ({ labels: `{service_name="${service}"}`, value })

  it('is 0 before the first failure, right during failures, 1 when nothing ever worked, and absent without requests', async () => {
    const expr = errors(serverRequests, ['service_name']).replaceAll('$__rate_interval', '5m')
    const rules = await write('empty.rules.yaml', recording([{ record: 'unused', expr: 'up' }]))
    const test = await write('errors.test.yaml', {
      rule_files: [rules],
      evaluation_interval: '1m',
      tests: [
        {
          interval: '1m',
          input_series: [
            series('healthy', '200', '0+60x10'),
            series('half', '200', '0+60x10'),
            series('half', '503', '0+60x10'),
            series('client-errors', '200', '0+30x10'),
            series('client-errors', '404', '0+90x10'),
            series('broken-from-the-start', '500', '0+60x10'),
          ],
          promql_expr_test: [
            {
              expr,
              eval_time: '10m',
              exp_samples: [
                sample('healthy', 0),
                sample('half', 0.5),
                sample('client-errors', 0),
                sample('broken-from-the-start', 1),
              ],
            },
          ],
        },
        { interval: '1m', input_series: [], promql_expr_test: [{ expr, eval_time: '10m', exp_samples: [] }] },
      ],
    })
    const { all, exitCode } = await execa(promtool, ['test', 'rules', test], { all: true, reject: false })
    expect(all).toContain('SUCCESS')
    expect(exitCode).toBe(0)
  })
})
