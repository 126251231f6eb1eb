import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Backend, startPrometheus } from '@faultline/test-support/backends'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  BackendRefused,
  BackendUnreachable,
  createPrometheusClient,
  type PrometheusClient,
} from '../src/index.ts'
import { histogramRequest, post } from './support/otlp.ts'

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const SPAN_ID = 'b7ad6b7169203331'
const TWO_SECONDS = 2_000

const CONFIGURATION = `
global: { evaluation_interval: 1s, scrape_interval: 1s }
rule_files: [rules.yaml]
otlp: { promote_resource_attributes: [service.name, service.instance.id] }
scrape_configs:
  - job_name: nobody
    static_configs: [{ targets: ["127.0.0.1:1"] }]
`

const RULES = `
groups:
  - name: good
    rules:
      - { record: "requests:sum", expr: sum(http_server_request_duration_seconds_count) }
      - { alert: Always, expr: vector(7), labels: { severity: page }, annotations: { summary: it is so } }
  - name: broken
    rules:
      - { record: "many:to:many", expr: '{__name__=~"http.+_bucket"} + on () {__name__=~"http.+_bucket"}' }
`

let folder: string
let server: Backend<PrometheusClient>
let prometheus: PrometheusClient
const sentAt = Date.now()
const range = { startMs: sentAt - 60_000, endMs: sentAt + 60_000 }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'faultline-rules-'))
  await writeFile(join(folder, 'prometheus.yaml'), CONFIGURATION)
  await writeFile(join(folder, 'rules.yaml'), RULES)
  server = await startPrometheus(join(folder, 'prometheus.yaml'))
  prometheus = server.client
  await post(
    `${server.url}/api/v1/otlp/v1/metrics`,
    histogramRequest(sentAt, { traceId: TRACE_ID, spanId: SPAN_ID }),
  )
})

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

describe('client of a real Prometheus', () => {
  it('evaluates at one time', async () => {
    const result = await prometheus.query('http_server_request_duration_seconds_count', { timeMs: sentAt })
    expect(result).toMatchObject([
      { labels: { service_name: 'gateway', http_route: '/v1/concerts' }, value: 3 },
    ])
    await expect(prometheus.query('scalar(vector(2))')).resolves.toEqual([{ labels: {}, value: 2 }])
  })

  it('looks back no further than asked', async () => {
    const late = { timeMs: sentAt + 30_000 }
    const selector = 'http_server_request_duration_seconds_count'
    expect(await prometheus.query(selector, late)).toHaveLength(1)
    expect(await prometheus.query(selector, { ...late, lookbackMs: TWO_SECONDS })).toEqual([])
  })

  it('evaluates over a range', async () => {
    const asked = { startMs: sentAt, endMs: sentAt + TWO_SECONDS, stepMs: 1_000 }
    const series = await prometheus.queryRange('http_server_request_duration_seconds_sum', asked)
    expect(series[0]?.samples.map((sample) => [sample.timeMs - sentAt, sample.value])).toEqual([
      [0, 0.6],
      [1_000, 0.6],
      [2_000, 0.6],
    ])
  })

  it('finds exemplars with the ids of their spans', async () => {
    const found = await prometheus.queryExemplars('http_server_request_duration_seconds_bucket', range)
    expect(found).toMatchObject([
      {
        labels: { service_name: 'gateway', le: '0.5' },
        exemplars: [{ traceId: TRACE_ID, spanId: SPAN_ID, timeMs: sentAt - 10 }],
      },
    ])
  })

  it('lists rules with their health', async () => {
    // The broken rule is fine until it has series to match.
    await expect
      .poll(async () => (await prometheus.rules()).map((rule) => rule.health).sort(), { timeout: 20_000 })
      .toEqual(['err', 'ok', 'ok'])
    const rules = (await prometheus.rules()).sort((a, b) => b.group.localeCompare(a.group))
    expect(rules).toMatchObject([
      { type: 'recording', name: 'requests:sum', group: 'good', intervalMs: 1_000, health: 'ok' },
      { type: 'alerting', name: 'Always', group: 'good', query: 'vector(7)', health: 'ok' },
      {
        type: 'recording',
        name: 'many:to:many',
        health: 'err',
        lastError: expect.stringContaining('many-to-many'),
      },
    ])
    expect(rules[0]?.lastEvaluationMs).toBeGreaterThan(sentAt - 60_000)
  })

  it('lists the values of a label, of the series that a selector matches', async () => {
    const labelValues = (selector?: string) => prometheus.labelValues('service_name', { ...range, selector })
    await expect(labelValues()).resolves.toEqual(['gateway'])
    await expect(labelValues('http_server_request_duration_seconds_count')).resolves.toEqual(['gateway'])
    await expect(labelValues('nothing')).resolves.toEqual([])
  })

  it('says what it refuses, and that it is not there', async () => {
    const refused = await prometheus.query('sum(').catch((error: unknown) => error)
    expect(refused).toBeInstanceOf(BackendRefused)
    expect(refused).toMatchObject({
      status: 400,
      query: 'sum(',
      message: expect.stringContaining('parse error'),
    })
    await expect(createPrometheusClient({ baseUrl: 'http://127.0.0.1:1' }).ready()).rejects.toBeInstanceOf(
      BackendUnreachable,
    )
  })
})
