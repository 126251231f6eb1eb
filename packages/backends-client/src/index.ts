export { type BackendEndpoints, type Backends, createBackends } from './backends.ts'
export {
  BackendAnswerInvalid,
  BackendError,
  type BackendName,
  BackendRefused,
  BackendUnreachable,
  type FailedCall,
} from './errors.ts'
export { createGrafanaClient, type GrafanaClient } from './grafana/client.ts'
export type * from './grafana/types.ts'
export type { BackendOptions, CallOptions } from './http.ts'
export { createLokiClient, type LogRangeOptions, type LokiClient } from './loki/client.ts'
export type { LogEntry, LogInstantResult, LogResult } from './loki/types.ts'
export {
  createPrometheusClient,
  type PrometheusClient,
  type QueryOptions,
  type RangeQueryOptions,
  type TimeRange,
} from './prometheus/client.ts'
export type * from './prometheus/types.ts'
export { createPyroscopeClient, type PyroscopeClient } from './pyroscope/client.ts'
export { stacksOf } from './pyroscope/flame-graph.ts'
export type * from './pyroscope/types.ts'
export { createTempoClient, type SearchOptions, type TempoClient } from './tempo/client.ts'
export { type SpanNode, spanTrees } from './tempo/span-tree.ts'
export type * from './tempo/types.ts'
