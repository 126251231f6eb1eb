export { type Backends, createBackends } from './backends.ts'
export { type FlameGraph, type FlameNode, stacksOf } from './flame-graph.ts'
export {
  createGrafanaClient,
  type DataSourceHealth,
  type Frame,
  type FrameField,
  type GrafanaClient,
  type GrafanaQuery,
  type Permissions,
} from './grafana.ts'
export { BackendError, type BackendName, BackendRefused, BackendUnreachable } from './http.ts'
export { createLokiClient, type LogEntry, type LokiClient } from './loki.ts'
export {
  createPrometheusClient,
  type Exemplar,
  type ExemplarSeries,
  type InstantSeries,
  type Labels,
  type PrometheusClient,
  type RangeSeries,
  type Rule,
  type Sample,
} from './prometheus.ts'
export { createTempoClient, type FoundTrace } from './tempo.ts'
export { type Span, type SpanKind, type SpanNode, spanTrees, type Trace } from './trace.ts'
