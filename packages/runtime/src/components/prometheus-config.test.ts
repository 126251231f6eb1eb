import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { prometheusConfigAt } from './prometheus-config.ts'

const source = `
rule_files: [rules/*.yaml, ../../slo/*.yaml, /absolute.yaml]
alerting:
  alertmanagers:
    - api_version: v2
      file_sd_configs: [{ files: ['../../alertmanagers/*.yaml'] }]
    - api_version: v2
      static_configs: [{ targets: ['pager:9093', 'elsewhere:1'] }]
global: { scrape_interval: 2s }
`

test('rule files stay those of the repository, alertmanagers get their address, those of a folder go; all else stays', () => {
  const config = parse(
    prometheusConfigAt(source, '/repo/backends/prometheus', { 'pager:9093': '127.0.0.1:10693' }),
  )
  expect(config).toEqual({
    rule_files: ['/repo/backends/prometheus/rules/*.yaml', '/repo/slo/*.yaml', '/absolute.yaml'],
    alerting: {
      alertmanagers: [
        { api_version: 'v2', static_configs: [{ targets: ['127.0.0.1:10693', 'elsewhere:1'] }] },
      ],
    },
    global: { scrape_interval: '2s' },
  })
})
