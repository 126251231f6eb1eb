// Loaded with --import before a service, as a stranger would instrument it: the official SDK and instrumentations, and
// of ours only the processor. Told through IPC what to report, so that nothing of it is a request.
import { register as registerHooks } from 'node:module'
import { getNodeAutoInstrumentations } from '@opentelemetry/auto-instrumentations-node'
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'
import { NodeSDK } from '@opentelemetry/sdk-node'
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  createAlwaysRecordSampler,
  InMemorySpanExporter,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace'
import { markClientAbort } from '../../src/http.ts'
import type { ExemplarPolicy } from '../../src/metrics/exemplar.ts'
import { ExemplarMetricsProcessor, stockMetricViews } from '../../src/metrics/exemplar-metrics-processor.ts'
import { createRegistry } from '../../src/metrics/registry.ts'
import type { Report } from './child.ts'

registerHooks('@opentelemetry/instrumentation/hook.mjs', import.meta.url)

const { TEST_EXEMPLARS, TEST_HTTP, TEST_SAMPLER, TEST_STOCK_METRICS } = process.env
const register = createRegistry()
const spans = new InMemorySpanExporter()
const stock = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
const reader = new PeriodicExportingMetricReader({ exporter: stock, exportIntervalMillis: 3_600_000 })

new NodeSDK({
  spanProcessors: [
    new ExemplarMetricsProcessor({ register, exemplars: (TEST_EXEMPLARS ?? 'kept') as ExemplarPolicy }),
    new SimpleSpanProcessor({ exporter: spans }),
  ],
  // Without the record sampler, what is not sampled would not be seen at all.
  sampler: createAlwaysRecordSampler(TEST_SAMPLER === 'off' ? new AlwaysOffSampler() : new AlwaysOnSampler()),
  metricReaders: [reader],
  logRecordProcessors: [],
  ...(TEST_STOCK_METRICS === 'all' ? {} : { views: stockMetricViews() }),
  instrumentations: [
    getNodeAutoInstrumentations({
      '@opentelemetry/instrumentation-http': {
        enabled: TEST_HTTP !== 'off',
        applyCustomAttributesOnSpan: markClientAbort,
      },
    }),
  ],
}).start()

process.on('message', async () => {
  await reader.forceFlush()
  const report: Report = {
    metrics: await register.metrics(),
    spans: spans.getFinishedSpans().map((span) => ({
      name: span.name,
      kind: span.kind,
      traceId: span.spanContext().traceId,
      spanId: span.spanContext().spanId,
      attributes: { ...span.attributes },
    })),
    stockMetrics: [
      ...new Set(
        stock
          .getMetrics()
          .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
          .map(({ descriptor }) => descriptor.name),
      ),
    ],
  }
  process.send?.(report)
})
