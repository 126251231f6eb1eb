/** The telemetry package in a container, on collector, Prometheus and Loki in containers; the embedded store has its traces. */
import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { createLokiClient, createPrometheusClient, createTempoClient } from '@faultline/backends-client'
import { Network, Wait } from 'testcontainers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { REPOSITORY } from '../rendered.ts'
import { type ContainerServer, type ServerOptions, startServer } from './support/server.ts'

const WITHIN = { timeout: 40_000, interval: 500 }
const KIT_USER = '1000:1000'
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
    ports: [9090],
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
    up: Wait.forHttp('/-/ready', 9090),
  })
  loki = await start('loki', {
    image: 'loki',
    ports: [3100],
    user: '10001:10001',
    command: ['-config.file=/etc/loki/loki.yaml', '-config.expand-env=true'],
    environment: { LOKI_HTTP_HOST: '0.0.0.0', LOKI_DATA_DIR: '/loki' },
    files: { '/etc/loki/loki.yaml': own('backends/loki/loki.yaml') },
    up: Wait.forHttp('/ready', 3100),
  })
  store = await start('tempo', {
    image: 'kit',
    ports: [3200],
    user: KIT_USER,
    command: ['packages/embedded-store/src/main.ts'],
    environment: {
      EMBEDDED_STORE_HOST: '0.0.0.0',
      EMBEDDED_STORE_SERVE: 'tempo',
      EMBEDDED_STORE_DATA_DIR: '/data',
    },
    files: { '/app': REPOSITORY },
    up: Wait.forHttp('/ready', 3200),
  })
  await start('collector', {
    image: 'collector',
    ports: [13133],
    user: '10001:10001',
    command: ['--config=/etc/collector.yaml', '--feature-gates=service.profilesSupport'],
    environment: {
      OTLP_HTTP_ENDPOINT: '0.0.0.0:4318',
      HEALTH_ENDPOINT: '0.0.0.0:13133',
      QUEUE_DIR: '/queue',
      PROMETHEUS_OTLP_ENDPOINT: 'http://prometheus:9090/api/v1/otlp',
      LOKI_OTLP_ENDPOINT: 'http://loki:3100/otlp',
      TEMPO_OTLP_ENDPOINT: 'http://tempo:14318',
      SCRAPE_CATALOG_1: 'catalog-1:9082',
    },
    files: { '/etc/collector.yaml': own('collector/collector.yaml') },
    tmpfs: { '/queue': 'mode=1777' },
    up: Wait.forHttp('/', 13133),
  })
  const catalog = await start('catalog-1', {
    image: 'kit',
    ports: [8082, 9082],
    user: KIT_USER,
    command: ['deploy/test/containers/support/telemetry-service.ts'],
    environment: { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' },
    // the package as it is now, whenever the image was made
    files: { '/app': REPOSITORY },
    up: Wait.forHttp('/metrics', 9082),
  })
  const { status } = await fetch(`http://${catalog.address(8082)}/concerts/${concertId}`, {
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
  const client = createPrometheusClient({ baseUrl: `http://${prometheus.address(9090)}` })
  const series = await client.queryExemplars(
    'http_server_request_duration_seconds_bucket{service_name="catalog", http_route="/concerts/{concertId}"}',
    around(),
  )
  return series.flatMap((one) =>
    one.exemplars.filter((exemplar) => exemplar.traceId === traceId).map(({ spanId }) => spanId),
  )
}

async function lines(): Promise<{ line: string; spanId: string | undefined }[]> {
  const client = createLokiClient({ baseUrl: `http://${loki.address(3100)}` })
  const answer = await client.queryRange(`{service_name="catalog"} | trace_id="${traceId}"`, around())
  const entries = answer.type === 'entries' ? answer.entries : []
  return entries.map(({ line, metadata }) => ({ line, spanId: metadata.span_id }))
}

async function spans(): Promise<{ name: string; spanId: string }[]> {
  const client = createTempoClient({ baseUrl: `http://${store.address(3200)}` })
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
