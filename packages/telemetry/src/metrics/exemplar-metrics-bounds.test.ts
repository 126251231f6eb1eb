import { SpanKind } from '@opentelemetry/api'
import { SamplingDecision, TracerProvider } from '@opentelemetry/sdk-trace'
import { describe, expect, it } from 'vitest'
import { deciding, remote, Spans } from '../../test/metric-spans.ts'
import { ExemplarMetricsProcessor } from './exemplar-metrics-processor.ts'

const HTTP_SERVER = 'http_server_request_duration_seconds'
const HTTP_CLIENT = 'http_client_request_duration_seconds'
const ACTIVE = 'http_server_active_requests'

const { SERVER, CLIENT } = SpanKind
const request = { kind: SERVER, attributes: { 'http.request.method': 'GET' } }
const get = { kind: CLIENT, attributes: { 'http.request.method': 'GET', 'peer.service': 'catalog' } }

describe('a processor', () => {
  it('counts spans that are recorded and not exported, without an exemplar', async () => {
    const spans = new Spans({ exemplars: 'sampled' }, deciding(SamplingDecision.RECORD))
    spans.make({ ...request, failed: true }, remote({ isMarked: true }))
    expect(await spans.counts(HTTP_SERVER)).toHaveLength(1)
    expect(await spans.exemplars(HTTP_SERVER)).toEqual([])
  })

  it('takes values that are no names for none', async () => {
    const spans = new Spans()
    const odd = { 'http.route': ['/a'], 'error.type': '', 'http.response.status_code': 'teapot' }
    spans.make({ ...request, late: odd })
    expect(await spans.counts(HTTP_SERVER)).toEqual([
      [{ http_request_method: 'GET', http_route: 'unmatched' }, 1],
    ])
  })

  it('cuts a value that is too long for a label', async () => {
    const spans = new Spans()
    spans.make({ ...request, late: { 'http.route': `/${'x'.repeat(100_000)}` } })
    expect((await spans.counts(HTTP_SERVER))[0]?.[0].http_route).toHaveLength(255)
  })

  it('bounds the series of each metric', async () => {
    const spans = new Spans({ maxSeries: 3 })
    for (let route = 0; route < 10; route += 1)
      spans.make({ ...request, late: { 'http.route': `/${route}` } })
    const counts = await spans.counts(HTTP_SERVER)
    expect(counts).toHaveLength(4)
    expect(counts.at(-1)).toEqual([{ otel_metric_overflow: 'true' }, 7])
    expect(await spans.samples('telemetry_metric_overflow_total')).toEqual([
      { labels: { metric: HTTP_SERVER }, value: 7 },
    ])
  })

  it.each([
    [Number.NaN, 10],
    [0, Number.NaN],
    [0, Number.POSITIVE_INFINITY],
    [0, 1e300],
  ])('counts a span from %d to %d as one without metrics, and the next as ever', async (startMs, ms) => {
    const spans = new Spans()
    const query = { 'db.system.name': 'postgresql', 'db.operation.name': 'SELECT' }
    const connect = { kind: CLIENT, name: 'pg-pool.connect', attributes: { 'db.system.name': 'postgresql' } }
    const message = { 'messaging.system': 'nats', 'messaging.operation.type': 'process' }
    const all = [
      { ...request, histogram: HTTP_SERVER },
      { ...get, histogram: HTTP_CLIENT },
      { kind: CLIENT, attributes: query, histogram: 'db_client_operation_duration_seconds' },
      { ...connect, histogram: 'db_client_connection_wait_time_seconds' },
      { kind: SpanKind.CONSUMER, attributes: message, histogram: 'messaging_process_duration_seconds' },
    ]
    for (const options of all) {
      spans.end(spans.start({ ...options, startMs }), { ms })
      spans.make({ ...options, ms: 250 })
    }
    for (const { histogram } of all) {
      expect((await spans.counts(histogram)).map(([, count]) => count)).toEqual([1])
      expect((await spans.samples(`${histogram}_sum`)).map(({ value }) => value)).toEqual([0.25])
    }
    expect((await spans.samples(ACTIVE)).map(({ value }) => value)).toEqual([0])
    expect(await spans.samples('telemetry_span_metrics_errors_total')).toEqual([
      { labels: {}, value: all.length },
    ])
  })

  it('goes on with the metrics of one that was on the registry before', async () => {
    const spans = new Spans()
    spans.make({ ...request, late: { 'http.route': '/before' } })
    const options = { register: spans.register }
    const processors = [new ExemplarMetricsProcessor(options), new ExemplarMetricsProcessor(options)]
    const provider = new TracerProvider({ spanProcessors: processors.slice(1) })
    provider.getTracer('test').startSpan('request', request).end()
    expect((await spans.counts(HTTP_SERVER)).map(([labels, count]) => [labels.http_route, count])).toEqual([
      ['/before', 1],
      ['unmatched', 1],
    ])
    // Both hear of the same span: it is active once.
    const both = new TracerProvider({ spanProcessors: processors })
    both.getTracer('test').startSpan('request', request).end()
    expect((await spans.samples(ACTIVE)).map(({ value }) => value)).toEqual([0])
  })

  it('starts over on a registry that was cleared', async () => {
    const spans = new Spans()
    spans.make(request)
    spans.register.clear()
    const provider = new TracerProvider({
      spanProcessors: [new ExemplarMetricsProcessor({ register: spans.register })],
    })
    provider.getTracer('test').startSpan('request', request).end()
    expect((await spans.counts(HTTP_SERVER)).map(([, count]) => count)).toEqual([1])
  })

  it('has nothing to flush and nothing to shut down', async () => {
    const { processor } = new Spans()
    await expect(processor.forceFlush()).resolves.toBeUndefined()
    await expect(processor.shutdown()).resolves.toBeUndefined()
  })
})
