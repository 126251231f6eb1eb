import { readdir, readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { LokiClient, PrometheusClient } from '@faultline/backends-client'
import { REPLICAS } from '@faultline/runtime'
import { type Backend, startLoki, startPrometheus } from '@faultline/test-support/backends'
import { logRecord, logs, STATUS_ERROR, send, span, traces } from '@faultline/test-support/otlp'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { COLLECTOR_FOLDER, Collector } from './support/collector.ts'
import { type MetricsEndpoint, serveMetrics } from './support/openmetrics.ts'

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const SPAN_ID = 'b7ad6b7169203331'

/** Grows by what `count` says, so that rates are above 0. */
function metrics(count: number): string {
  const labels =
    'http_request_method="GET",http_route="/concerts/{concertId}",http_response_status_code="200"'
  return `# TYPE http_server_request_duration_seconds histogram
http_server_request_duration_seconds_bucket{le="0.25",${labels}} ${count} # {trace_id="${TRACE_ID}",span_id="${SPAN_ID}"} 0.1 ${Date.now() / 1000}
http_server_request_duration_seconds_bucket{le="1",${labels}} ${2 * count}
http_server_request_duration_seconds_bucket{le="+Inf",${labels}} ${2 * count}
http_server_request_duration_seconds_sum{${labels}} ${count}
http_server_request_duration_seconds_count{${labels}} ${2 * count}
# EOF
`
}

/** As {@link Date.now}, from ten minutes ago until in a minute. */
function around(): { startMs: number; endMs: number } {
  return { startMs: Date.now() - 600_000, endMs: Date.now() + 60_000 }
}

let endpoint: MetricsEndpoint
let prometheus: Backend<PrometheusClient>
let loki: Backend<LokiClient>
let collector: Collector

beforeAll(async () => {
  const started = Date.now()
  endpoint = await serveMetrics(() => metrics(1 + Math.floor((Date.now() - started) / 10)))
  ;[prometheus, loki] = await Promise.all([startPrometheus(), startLoki()])
  collector = await Collector.start({
    scrape: endpoint.address,
    environment: {
      PROMETHEUS_OTLP_ENDPOINT: `${prometheus.url}/api/v1/otlp`,
      LOKI_OTLP_ENDPOINT: `${loki.url}/otlp`,
    },
  })
})

afterAll(async () => {
  await collector?.[Symbol.asyncDispose]()
  await loki?.[Symbol.asyncDispose]()
  await prometheus?.[Symbol.asyncDispose]()
  await endpoint?.[Symbol.asyncDispose]()
})

async function labelSets(promql: string): Promise<readonly Readonly<Record<string, string>>[]> {
  return (await prometheus.client.query(promql)).map(({ labels }) => labels)
}

async function value(promql: string): Promise<number | undefined> {
  return (await prometheus.client.query(promql))[0]?.value
}

describe('in Prometheus', () => {
  test('scraped metrics keep their names and have service, instance and the labels they came with', async () => {
    await expect
      .poll(
        () =>
          labelSets(
            'http_server_request_duration_seconds_bucket{le="0.25", service_instance_id="catalog-2"}',
          ),
        {
          timeout: 30_000,
        },
      )
      .toEqual([
        {
          __name__: 'http_server_request_duration_seconds_bucket',
          job: 'catalog',
          instance: 'catalog-2',
          service_name: 'catalog',
          service_instance_id: 'catalog-2',
          http_request_method: 'GET',
          http_route: '/concerts/{concertId}',
          http_response_status_code: '200',
          le: '0.25',
        },
      ])
    await expect
      .poll(() => labelSets('count by (service_name, service_instance_id) (up)'), { timeout: 30_000 })
      .toHaveLength(Object.values(REPLICAS).flat().length + 1)
  })

  test('exemplars lead to the trace', async () => {
    await expect
      .poll(
        async () =>
          (
            await prometheus.client.queryExemplars(
              'http_server_request_duration_seconds_bucket{service_name="gateway"}',
              around(),
            )
          ).flatMap(({ exemplars }) => exemplars.map(({ traceId, spanId }) => `${traceId} ${spanId}`)),
        { timeout: 30_000 },
      )
      .toContain(`${TRACE_ID} ${SPAN_ID}`)
  })

  test('client spans become edges of the service graph', async () => {
    await send(
      collector.otlp,
      '/v1/traces',
      traces(
        [
          span({ kind: 'client', attributes: { 'peer.service': 'catalog' } }),
          span({ kind: 'client', attributes: { 'peer.service': 'catalog' }, status: { code: STATUS_ERROR } }),
        ],
        'gateway',
      ),
    )
    const edge = '{client="gateway", server="catalog"}'
    await expect.poll(() => value(`traces_service_graph_request_total${edge}`), { timeout: 30_000 }).toBe(2)
    await expect
      .poll(() => value(`traces_service_graph_request_failed_total${edge}`), { timeout: 30_000 })
      .toBe(1)
    await expect
      .poll(() => value(`traces_service_graph_request_server_seconds_count${edge}`), { timeout: 30_000 })
      .toBe(2)
    await expect
      .poll(
        () =>
          value(
            `traces_service_graph_request_server_seconds_bucket{client="gateway", server="catalog", le="0.01"}`,
          ),
        {
          timeout: 30_000,
        },
      )
      .toBe(2)
  })

  test('every rule is evaluated without error, and the objectives have numbers', async () => {
    await expect
      .poll(
        async () =>
          (await prometheus.client.rules())
            .filter(({ health }) => health !== 'ok')
            .map(({ name, lastError }) => ({ name, lastError })),
        {
          timeout: 30_000,
        },
      )
      .toEqual([])
    // Half of the requests took longer than 250 ms, none failed.
    await expect
      .poll(() => value('slo:sli_error:ratio_rate5m{slo="catalog-latency"}'), { timeout: 30_000 })
      .toBeCloseTo(0.5, 1)
    await expect
      .poll(() => value('slo:sli_error:ratio_rate5m{slo="catalog-availability"}'), { timeout: 30_000 })
      .toBe(0)
    await expect
      .poll(async () => (await labelSets('ALERTS{alertstate="firing"}')).map(({ alertname }) => alertname), {
        timeout: 30_000,
      })
      .toContain('CatalogLatencyFastBurn')
  })
})

describe('in Loki', () => {
  test('a line is found by its service, with trace and span id in its structured metadata', async () => {
    await send(
      collector.otlp,
      '/v1/logs',
      logs([
        logRecord(
          'request completed',
          { 'http.route': '/concerts/{concertId}', 'http.response.status_code': 200, password: 'hunter2' },
          { traceId: TRACE_ID, spanId: SPAN_ID },
        ),
      ]),
    )
    const found = async (logql: string) => (await loki.client.queryRange(logql, around())).entries
    await expect.poll(() => found('{service_name="catalog"}'), { timeout: 30_000 }).toHaveLength(1)
    const [entry] = await found(`{service_name="catalog"} | trace_id="${TRACE_ID}"`)
    expect(entry?.line).toBe('request completed')
    // One index label: a stream is a service.
    expect(entry?.labels).toEqual({ service_name: 'catalog' })
    expect(entry?.metadata).toMatchObject({
      trace_id: TRACE_ID,
      span_id: SPAN_ID,
      severity_text: 'INFO',
      service_instance_id: 'catalog-1',
      http_route: '/concerts/{concertId}',
      http_response_status_code: '200',
      password: '****',
    })
    const { startMs, endMs } = around()
    const labels = await fetch(`${loki.url}/loki/api/v1/labels?start=${startMs}000000&end=${endMs}000000`)
    expect(await labels.json()).toMatchObject({ data: ['service_name'] })
  })

  test('a burst far above the default limit of 4 MB/s is taken', async () => {
    // Loki keeps one of two equal lines of the same time.
    const lines = Array.from({ length: 1_000 }, (_, index) => logRecord(`${index} ${'x'.repeat(20_000)}`))
    const response = await fetch(`${loki.url}/otlp/v1/logs`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(logs(lines, 'gateway')),
    })
    expect({ status: response.status, text: await response.text() }).toEqual({ status: 204, text: '' })
  })
})

describe('the queries of the runbooks', async () => {
  const folder = join(dirname(COLLECTOR_FOLDER), 'docs/runbooks')
  const queries = async (language: string) => {
    const files = (await readdir(folder)).sort()
    const texts = await Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')))
    return texts.flatMap((text, index) =>
      [...text.matchAll(new RegExp(`\`\`\`${language}\\n(.*?)\`\`\``, 'gs'))].map(
        ([, query = '']) => [files[index], query.trim()] as const,
      ),
    )
  }

  test.each(await queries('promql'))('%s: %s', async (_, query) => {
    const body = new URLSearchParams({ query })
    const response = await fetch(`${prometheus.url}/api/v1/query`, { method: 'POST', body })
    const { status, warnings = [] } = (await response.json()) as { status: string; warnings?: string[] }
    expect({ status, warnings }).toEqual({ status: 'success', warnings: [] })
  })

  test.each(await queries('logql'))('%s: %s', async (_, query) => {
    const body = new URLSearchParams({ query })
    const response = await fetch(`${loki.url}/loki/api/v1/query_range`, { method: 'POST', body })
    expect(response.status, await response.text()).toBe(200)
  })
})
