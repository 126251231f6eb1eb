import { describe, expect, it } from 'vitest'
import { anAlert, aRule, aTarget, unreachable } from '../testing/factories.ts'
import { judgeMetricName, mostSimilar, neededMetrics } from './metric-names.ts'

const NAME = 'http_server_request_duration_seconds'
const needed = { name: NAME, readers: ['overview “Requests”'], computedFrom: [] }
const evidence = { query: 'q', before: new Set<string>([NAME]) }

describe('judgeMetricName', () => {
  it('passes where the metric has samples', () => {
    expect(judgeMetricName(needed, { ...evidence, present: { value: new Set([NAME]) } }).status).toBe('pass')
  })

  it('suggests the name that has come in its place', () => {
    const present = {
      value: new Set(['http_client_request_duration_seconds', 'http_server_duration_seconds', 'up']),
    }
    const before = new Set([NAME, 'http_client_request_duration_seconds', 'up'])
    expect(judgeMetricName(needed, { ...evidence, present, before })).toMatchObject({
      status: 'fail',
      likelyCause: 'renamed? http_server_duration_seconds is present',
      seen: expect.stringContaining('it was there before verify began'),
    })
  })

  it('does not speak of a rename where nothing arrives', () => {
    const finding = judgeMetricName(needed, { ...evidence, present: { value: new Set() } })
    expect(finding).toMatchObject({ status: 'fail', likelyCause: 'the collector does not deliver metrics' })
  })

  it('fails where Prometheus cannot be asked', () => {
    expect(judgeMetricName(needed, { ...evidence, present: unreachable('prometheus') })).toMatchObject({
      status: 'fail',
      explainedBy: ['reach/prometheus'],
    })
  })
})

describe('neededMetrics', () => {
  const expectation = {
    dashboardUid: 'overview',
    panelId: 5,
    refId: 'A',
    when: 'healthy',
    why: 'none',
  } as const
  const targets = [
    aTarget(),
    aTarget({ panelId: 5, model: { expr: 'rate(otelcol_exporter_send_failed_spans_total[1m])' } }),
    aTarget({ panelId: 6, model: { expr: 'slo:burn_rate:ratio_rate5m' } }),
    aTarget({ panelId: 7, datasource: 'loki', model: { expr: 'count_over_time({a="b"}[1m])' } }),
  ]
  const rules = [
    aRule({ name: 'slo:burn_rate:ratio_rate5m', query: 'slo:sli_error:ratio_rate5m / 0.01' }),
    aRule({ name: 'slo:sli_error:ratio_rate5m', query: `rate(${NAME}_count[10s])` }),
    aRule({ name: 'lost:total', query: 'rate(otelcol_exporter_send_failed_spans_total[1m])' }),
    anAlert({ name: 'Losing', query: 'lost:total > 0' }),
    anAlert({ name: 'Slow', query: 'nodejs_eventloop_delay_p99_seconds > 1' }),
  ]

  it('has what panels and rules read, but not what may be absent', () => {
    const names = neededMetrics(targets, [expectation], rules).map(({ name }) => name)
    expect(names.sort()).toEqual([NAME, 'nodejs_eventloop_delay_p99_seconds', 'slo:burn_rate:ratio_rate5m'])
  })

  it('knows who reads a metric and what it is computed from', () => {
    const burnRate = neededMetrics(targets, [expectation], rules).find(({ name }) =>
      name.startsWith('slo:burn'),
    )
    expect(burnRate).toMatchObject({
      readers: ['overview “Requests”'],
      computedFrom: ['slo:sli_error:ratio_rate5m', NAME],
    })
  })
})

describe('mostSimilar', () => {
  it('finds the nearest name, and none where all are foreign', () => {
    expect(mostSimilar('db_client_connection_count', ['db_client_connections_count', 'up'])).toBe(
      'db_client_connections_count',
    )
    expect(mostSimilar('db_client_connection_count', ['process_uptime_seconds'])).toBeUndefined()
  })
})
