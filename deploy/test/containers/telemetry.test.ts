/** The telemetry package in a container, on collector, Prometheus and Loki in containers; the embedded store has its traces. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { createLokiClient, createPrometheusClient, createTempoClient } from '@faultline/backends-client'
import { SERVICES } from '@faultline/runtime'
import { Network, Wait } from 'testcontainers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { REPOSITORY } from '../rendered.ts'
import { type ContainerServer, type ServerOptions, startServer } from './support/server.ts'

const WITHIN = { timeout: 40_000, interval: 500 }
const KIT_USER = '1000:1000'
const { collector, prometheus: metrics, loki: logs, tempo: traces, 'catalog-1': service } = SERVICES
/** Where the store takes traces. */
const TRACES_OTLP = 4318
const own = (...path: string[]) => join(REPOSITORY, ...path)

const started = new AsyncDisposableStack()
/** Of the one request that is made. */
const traceId = randomBytes(16).toString('hex')
const concertId = `concert-${traceId}`
let prometheus: ContainerServer
let loki: ContainerServer
let store: ContainerServer

beforeAll(async () => {
  const network = started.adopt(await new Network().start(), (opened) => opened.stop().then(() => undefined))
  const start = async (name: string, options: ServerOptions) =>
    started.use(await startServer({ ...options, network: { of: network, name } }))

  prometheus = await start('prometheus', {
    image: 'prometheus',
    ports: [metrics.http],
    user: '65534:65534',
    command: [
      '--config.file=/etc/faultline/backends/prometheus/prometheus.drill.yaml',
      '--storage.tsdb.path=/prometheus',
      '--web.enable-otlp-receiver',
      '--enable-feature=exemplar-storage',
    ],
    files: {
      '/etc/faultline/backends/prometheus': own('backends/prometheus'),
      '/etc/faultline/slo/rules': own('slo/rules'),
    },
    up: Wait.forHttp('/-/ready', metrics.http),
  })
  loki = await start('loki', {
    image: 'loki',
    ports: [logs.http],
    user: '10001:10001',
    command: ['-config.file=/etc/loki/loki.yaml', '-config.expand-env=true'],
    environment: { LOKI_HTTP_HOST: '0.0.0.0', LOKI_HTTP_PORT: String(logs.http), LOKI_DATA_DIR: '/loki' },
    files: { '/etc/loki/loki.yaml': own('backends/loki/loki.yaml') },
    up: Wait.forHttp('/ready', logs.http),
  })
  store = await start('tempo', {
    image: 'kit',
    ports: [traces.http],
    user: KIT_USER,
    command: ['packages/embedded-store/src/main.ts'],
    environment: {
      EMBEDDED_STORE_HOST: '0.0.0.0',
      EMBEDDED_STORE_TEMPO_PORT: String(traces.http),
      EMBEDDED_STORE_OTLP_PORT: String(TRACES_OTLP),
      EMBEDDED_STORE_DATA_DIR: '/data',
    },
    files: { '/app': REPOSITORY },
    up: Wait.forHttp('/ready', traces.http),
  })
  await start('collector', {
    image: 'collector',
    ports: [collector.health],
    user: '10001:10001',
    command: ['--config=/etc/collector.yaml', '--feature-gates=service.profilesSupport'],
    environment: {
      OTLP_HTTP_ENDPOINT: `0.0.0.0:${collector['otlp-http']}`,
      HEALTH_ENDPOINT: `0.0.0.0:${collector.health}`,
      QUEUE_DIR: '/queue',
      PROMETHEUS_OTLP_ENDPOINT: `http://prometheus:${metrics.http}/api/v1/otlp`,
      LOKI_OTLP_ENDPOINT: `http://loki:${logs.http}/otlp`,
      TEMPO_OTLP_ENDPOINT: `http://tempo:${TRACES_OTLP}`,
      SCRAPE_CATALOG_1: `catalog-1:${service.admin}`,
    },
    files: { '/etc/collector.yaml': own('collector/collector.yaml') },
    tmpfs: { '/queue': 'mode=1777' },
    up: Wait.forHttp('/', collector.health),
  })
  const catalog = await start('catalog-1', {
    image: 'kit',
    ports: [service.http, service.admin],
    user: KIT_USER,
    command: ['deploy/test/containers/support/telemetry-service.ts'],
    environment: {
      PORT: String(service.http),
      ADMIN_PORT: String(service.admin),
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://collector:${collector['otlp-http']}`,
    },
    // the package as it is now, whenever the image was made
    files: { '/app': REPOSITORY },
    up: Wait.forHttp('/metrics', service.admin),
  })
  const { status } = await fetch(`http://${catalog.address(service.http)}/concerts/${concertId}`, {
    headers: {
      traceparent: `00-${traceId}-${randomBytes(8).toString('hex')}-01`,
      tracestate: 'faultline=keep',
    },
  })
  expect(status).toBe(200)
})
afterAll(() => started.disposeAsync())

const around = () => ({ startMs: Date.now() - 600_000, endMs: Date.now() + 60_000 })

async function exemplars(): Promise<(string | undefined)[]> {
  const client = createPrometheusClient({ baseUrl: `http://${prometheus.address(metrics.http)}` })
  const series = await client.queryExemplars(
    'http_server_request_duration_seconds_bucket{service_name="catalog", http_route="/concerts/{concertId}"}',
    around(),
  )
  return series.flatMap((one) =>
    one.exemplars.filter((exemplar) => exemplar.traceId === traceId).map(({ spanId }) => spanId),
  )
}

async function lines(): Promise<{ line: string; spanId: string | undefined }[]> {
  const client = createLokiClient({ baseUrl: `http://${loki.address(logs.http)}` })
  const query = `{service_name="catalog"} | trace_id="${traceId}"`
  const { entries } = await client.queryRange(query, around())
  return entries.map(({ line, metadata }) => ({ line, spanId: metadata.span_id }))
}

async function spans(): Promise<{ name: string; spanId: string }[]> {
  const client = createTempoClient({ baseUrl: `http://${store.address(traces.http)}` })
  const trace = await client.trace(traceId)
  return (trace?.spans ?? []).map(({ name, spanId }) => ({ name, spanId }))
}

describe('one request to a service with the telemetry package', () => {
  test('is a metric whose exemplar, log lines and span are of one trace and one span', async () => {
    await expect.poll(exemplars, WITHIN).toHaveLength(1)
    await expect.poll(lines, WITHIN).toHaveLength(2)
    await expect.poll(spans, WITHIN).toHaveLength(1)
    const [spanId] = await exemplars()
    expect(await spans()).toEqual([{ name: 'GET /concerts/{concertId}', spanId }])
    expect(await lines()).toEqual(
      expect.arrayContaining([
        { line: 'looking up a concert', spanId },
        { line: 'request completed', spanId },
      ]),
    )
  })
})
