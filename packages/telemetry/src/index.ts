export type { QuerySummary } from './db-query.ts'
export type { KoaContext, KoaMiddleware, KoaNext, TelemetryState } from './koa.ts'
export type {
  HeaderReader,
  HeaderWriter,
  IncomingMessage,
  Messaging,
  OutgoingMessage,
} from './messaging/types.ts'
export type { ExemplarLabels } from './metrics/exemplar.ts'
export {
  type BaggageOptions,
  defaults,
  type ExporterOptions,
  type HttpClientOptions,
  type LogOptions,
  type MetricsOptions,
  type MiddlewareOptions,
  type ProfileOptions,
  type TelemetryOptions,
  type TraceOptions,
} from './options.ts'
export type { InstrumentedPool, PoolOptions } from './pg.ts'
export { startTelemetry } from './start.ts'
export type { Telemetry } from './telemetry.ts'
