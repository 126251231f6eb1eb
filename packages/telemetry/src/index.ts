export { type FaultlineConfiguration, faultline } from './faultline.ts'
export { markClientAbort } from './http.ts'
export type { KoaContext, KoaMiddleware, KoaNext, TelemetryState } from './koa.ts'
export type {
  HeaderReader,
  HeaderWriter,
  IncomingMessage,
  Messaging,
  OutgoingMessage,
} from './messaging.ts'
export { answerPrimary, ClusterRegistry } from './metrics/cluster.ts'
export type { ExemplarLabels, ExemplarPolicy } from './metrics/exemplar.ts'
export {
  type ExemplarMetricsOptions,
  ExemplarMetricsProcessor,
  stockMetricViews,
} from './metrics/exemplar-metrics-processor.ts'
export { createMetricsHandler, createRegistry, type MetricsHandler } from './metrics/registry.ts'
export {
  type BaggageOptions,
  defaults,
  type ExporterOptions,
  type FaultlineOptions,
  type HttpClientOptions,
  type LogOptions,
  type MetricsOptions,
  type MiddlewareOptions,
  type TelemetryOptions,
  type TraceOptions,
} from './options.ts'
export { OtlpLogRecordProcessor, type OtlpProcessorOptions, OtlpSpanProcessor } from './otlp/processors.ts'
export type { InstrumentedPool, PoolOptions } from './pg.ts'
export type { ProfilesPlugin } from './profiles/plugin.ts'
export type { QuerySummary } from './query-summary.ts'
export type { Telemetry } from './start.ts'
export { startTelemetry } from './start.ts'
export { KeepSampler, type KeepSamplerOptions } from './trace/keep-sampler.ts'
