import { REPLICAS } from '@faultline/runtime'
import { plain } from '@faultline/test-support/otlp'
import { expect, test } from 'vitest'
import { Collector } from './support/collector.ts'
import { serveMetrics } from './support/openmetrics.ts'
import { Sink } from './support/sink.ts'

const TRACE_ID = '0af7651916cd43dd8448eb211c80319c'
const SPAN_ID = 'b7ad6b7169203331'

const TEXT = `# TYPE http_server_request_duration_seconds histogram
http_server_request_duration_seconds_bucket{le="0.25",http_route="/venues"} 2 # {trace_id="${TRACE_ID}",span_id="${SPAN_ID}"} 0.1 1795411760.5
http_server_request_duration_seconds_bucket{le="+Inf",http_route="/venues"} 3
http_server_request_duration_seconds_sum{http_route="/venues"} 1.5
http_server_request_duration_seconds_count{http_route="/venues"} 3
# TYPE cache_requests counter
cache_requests_total{cache_result="hit"} 7 # {trace_id="${TRACE_ID}",span_id="${SPAN_ID}"} 1 1795411760.5
# EOF
`

test('every replica is scraped under its service and instance, exemplars included', async () => {
  await using sink = await Sink.start()
  await using endpoint = await serveMetrics(() => TEXT)
  await using collector = await Collector.start({ sink: sink.url, scrape: endpoint.address })
  const instances = (metric: string) =>
    new Set(
      sink.points(metric).map(({ resource }) => {
        const values = plain(resource.attributes)
        return `${values['service.name']} ${values['service.instance.id']}`
      }),
    )
  const replicas = Object.entries(REPLICAS).flatMap(([name, all]) =>
    all.map((_, index) => `${name} ${name}-${index + 1}`),
  )
  const all = new Set(replicas)
  await expect.poll(() => instances('http_server_request_duration_seconds'), { timeout: 20_000 }).toEqual(all)
  await expect.poll(() => instances('cache_requests_total'), { timeout: 20_000 }).toEqual(all)
  // Its own metrics stand under its own name, not under that of the binary.
  await expect.poll(() => instances('up'), { timeout: 20_000 }).toEqual(all.add('collector collector-1'))
  await expect
    .poll(() => instances('otelcol_exporter_queue_capacity'), { timeout: 20_000 })
    .toEqual(new Set(['collector collector-1']))

  for (const metric of ['http_server_request_duration_seconds', 'cache_requests_total']) {
    const exemplars = sink.points(metric).flatMap(({ point }) => point.exemplars ?? [])
    expect(exemplars).toContainEqual(expect.objectContaining({ traceId: TRACE_ID, spanId: SPAN_ID }))
  }
  expect(collector.log).not.toContain('"level":"error"')
})

test('a service that is down shows as up = 0', async () => {
  await using sink = await Sink.start()
  await using _collector = await Collector.start({ sink: sink.url })
  await expect
    .poll(
      () =>
        sink
          .points('up')
          .filter(({ resource }) => plain(resource.attributes)['service.name'] === 'gateway')
          .map(({ point }) => point.asDouble),
      { timeout: 20_000 },
    )
    .toContain(0)
})
