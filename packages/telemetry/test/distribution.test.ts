import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { OtlpReceiver } from '@faultline/test-support/otlp-receiver'
import { context, logs, metrics, propagation, type Span, SpanKind, trace } from '@opentelemetry/api'
import { InMemoryLogRecordExporter, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { NodeSDK } from '@opentelemetry/sdk-node'
import {
  InMemorySpanExporter,
  type Sampler,
  SamplingDecision,
  SimpleSpanProcessor,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace'
import { afterEach, describe, expect, it, vi } from 'vitest'
import {
  createMetricsHandler,
  createRegistry,
  type FaultlineOptions,
  faultline,
  startTelemetry,
} from '../src/index.ts'

/** A NodeSDK of one's own, as the README has it. */
async function start(options: FaultlineOptions = {}) {
  const receiver = await OtlpReceiver.start()
  const register = createRegistry()
  const exporter = { endpoint: receiver.endpoint }
  const sdk = new NodeSDK({
    ...faultline({ serviceName: 'own', exporter, traces: { keepRatio: 1 }, register, ...options }),
    instrumentations: [],
  })
  sdk.start()
  return {
    receiver,
    register,
    sdk,
    async [Symbol.asyncDispose]() {
      await sdk.shutdown()
      for (const api of [trace, context, propagation, logs, metrics]) api.disable()
      await receiver[Symbol.asyncDispose]()
    },
  }
}

function serve(name: string): void {
  const options = { kind: SpanKind.SERVER, attributes: { 'http.request.method': 'GET', 'http.route': name } }
  trace.getTracer('own').startSpan('GET', options).end()
}

afterEach(() => {
  vi.unstubAllEnvs()
})

describe('a NodeSDK of one’s own', () => {
  it('exports spans and log records, and makes metrics whose exemplars lead to them', async () => {
    await using own = await start()
    trace.getTracer('own').startActiveSpan('GET', { kind: SpanKind.SERVER }, (span) => {
      span.setAttributes({ 'http.request.method': 'GET', 'http.route': '/seats' })
      logs.getLogger('own').emit({ body: 'hello', severityText: 'info' })
      span.end()
    })
    const server = createServer(createMetricsHandler(own.register)).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const answer = await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const scraped = await answer.text()
    server.close()
    server.closeAllConnections()
    await own.sdk.shutdown()
    const { spans, logs: records } = own.receiver
    expect(spans).toMatchObject([{ name: 'GET', resource: { 'service.name': 'own' } }])
    const [span] = spans
    expect(records).toMatchObject([{ body: 'hello', traceId: span?.traceId, spanId: span?.spanId }])
    expect(answer.headers.get('content-type')).toContain('openmetrics')
    expect(scraped).toContain(`# {trace_id="${span?.traceId}",span_id="${span?.spanId}"}`)
    expect(scraped).toContain('telemetry_items_dropped_total')
  })

  it('takes processors of one’s own beside ours', async () => {
    const exporter = new InMemorySpanExporter()
    const stamp: SpanProcessor = {
      onStart: () => undefined,
      onEnding: (span: Span) => void span.setAttribute('team', 'seats'),
      onEnd: () => undefined,
      forceFlush: async () => undefined,
      shutdown: async () => undefined,
    }
    const records = new InMemoryLogRecordExporter()
    await using own = await start({
      spanProcessors: [stamp, new SimpleSpanProcessor({ exporter })],
      logRecordProcessors: [new SimpleLogRecordProcessor({ exporter: records })],
    })
    serve('/seats')
    logs.getLogger('own').emit({ body: 'hello' })
    expect(exporter.getFinishedSpans()).toMatchObject([{ attributes: { team: 'seats' } }])
    expect(records.getFinishedLogRecords()).toMatchObject([{ body: 'hello' }])
    await own.sdk.shutdown()
    expect(own.receiver.spans).toMatchObject([{ attributes: { team: 'seats', 'sampling.keep': true } }])
    expect(own.receiver.logs).toHaveLength(1)
  })

  it('puts the keep mark around a sampler of one’s own, and counts what that leaves out', async () => {
    const sampler: Sampler = {
      shouldSample: (_context, _traceId, _name, _kind, attributes) => ({
        decision:
          attributes['http.route'] === '/seats'
            ? SamplingDecision.RECORD_AND_SAMPLED
            : SamplingDecision.NOT_RECORD,
      }),
      toString: () => 'seats only',
    }
    await using own = await start({ sampler })
    serve('/seats')
    serve('/health')
    await own.sdk.shutdown()
    expect(own.receiver.spans).toMatchObject([
      { attributes: { 'http.route': '/seats', 'sampling.keep': true }, traceState: 'faultline=keep' },
    ])
    const text = await own.register.metrics()
    for (const route of ['/seats', '/health']) {
      expect(text).toMatch(new RegExp(`_count\\{http_request_method="GET",http_route="${route}"\\} 1`))
    }
  })

  it('exports nothing with OTEL_TRACES_EXPORTER=none, but counts', async () => {
    vi.stubEnv('OTEL_TRACES_EXPORTER', 'none')
    await using own = await start()
    serve('/seats')
    await own.sdk.shutdown()
    expect(own.receiver.spans).toEqual([])
    const text = await own.register.metrics()
    expect(text).toContain('http_server_request_duration_seconds_count')
    expect(text).not.toContain('trace_id')
  })

  it('leaves out the SDK’s metrics that are made of spans here, and keeps its others', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 })
    await using _own = await start({ metricReaders: [reader] })
    const meter = metrics.getMeter('own')
    meter.createHistogram('http.server.request.duration').record(1)
    meter.createHistogram('nodejs.eventloop.delay.max').record(1)
    await reader.forceFlush()
    const names = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) =>
        scopeMetrics.flatMap((scope) => scope.metrics.map(({ descriptor }) => descriptor.name)),
      )
    expect(names).toEqual(['nodejs.eventloop.delay.max'])
  })

  it('hands log lines to a processor of one’s own, whatever we export', async () => {
    vi.stubEnv('OTEL_LOGS_EXPORTER', 'none')
    const exporter = new InMemoryLogRecordExporter()
    const logRecordProcessors = [new SimpleLogRecordProcessor({ exporter })]
    const telemetry = startTelemetry({ logRecordProcessors, logs: { stdout: false } })
    telemetry.logger.info({ seats: 3 }, 'hello')
    expect(exporter.getFinishedLogRecords()).toMatchObject([{ body: 'hello', attributes: { seats: 3 } }])
    await telemetry.shutdown()
  })

  it('is nothing with OTEL_SDK_DISABLED', async () => {
    vi.stubEnv('OTEL_SDK_DISABLED', 'true')
    await using own = await start()
    serve('/seats')
    await own.sdk.shutdown()
    expect(own.receiver.requests).toEqual([])
    expect(await own.register.metrics()).not.toContain('http_server_request_duration')
  })
})
