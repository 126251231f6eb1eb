import { type BackendOptions, type CallOptions, createBackendHttp } from '../http.ts'
import { toSeconds } from '../time.ts'
import * as schemas from './schemas.ts'
import type {
  Alert,
  BuildInfo,
  ExemplarSeries,
  Labels,
  MetricMetadata,
  QueryResult,
  RangeResult,
  Rule,
  Target,
} from './types.ts'

/** A range of time, both ends in epoch ms. */
export interface TimeRange {
  readonly startMs: number
  readonly endMs: number
}

export interface QueryOptions extends CallOptions {
  /** When to evaluate, in epoch ms. Default: now, by the server's clock. */
  readonly timeMs?: number
  /**
   * How far back an instant selector looks for its newest sample, in ms. Default: the server's
   * (`--query.lookback-delta`, 5 minutes), so a series that ended a minute ago still has a value.
   */
  readonly lookbackMs?: number
}

export interface RangeQueryOptions extends CallOptions, TimeRange {
  /** Distance between two evaluations, in ms. */
  readonly stepMs: number
  /** As in {@link QueryOptions}. */
  readonly lookbackMs?: number
}

/**
 * Client of Prometheus' query API.
 * @see https://prometheus.io/docs/prometheus/latest/querying/api/
 */
export interface PrometheusClient {
  /** Evaluates an expression at one time. */
  query(promql: string, options?: QueryOptions): Promise<QueryResult>
  /** Evaluates an expression over a range. */
  queryRange(promql: string, options: RangeQueryOptions): Promise<RangeResult>
  /** Exemplars of the series that the expression selects; by time within each series. */
  queryExemplars(promql: string, options: TimeRange & CallOptions): Promise<ExemplarSeries[]>
  /** All recording and alerting rules that are loaded, in order of evaluation. */
  rules(options?: CallOptions): Promise<Rule[]>
  /** Alerts that are pending or firing. */
  alerts(options?: CallOptions): Promise<Alert[]>
  /** Label sets of the series that any of the selectors matches. */
  series(selectors: readonly string[], options?: Partial<TimeRange> & CallOptions): Promise<Labels[]>
  /** Names of labels, of all series or of those selected. */
  labelNames(options?: SelectOptions): Promise<string[]>
  /** Values of a label, of all series or of those selected. */
  labelValues(label: string, options?: SelectOptions): Promise<string[]>
  /** Type, help text and unit by metric name. */
  metadata(options?: CallOptions & { readonly metric?: string }): Promise<Record<string, MetricMetadata[]>>
  /** Targets that Prometheus itself scrapes. */
  targets(options?: CallOptions): Promise<Target[]>
  buildInfo(options?: CallOptions): Promise<BuildInfo>
  /** Resolves when queries are served; rejects with a {@link BackendError} otherwise. */
  ready(options?: CallOptions): Promise<void>
}

export interface SelectOptions extends CallOptions, Partial<TimeRange> {
  readonly selectors?: readonly string[]
}

export function createPrometheusClient(options: BackendOptions): PrometheusClient {
  const http = createBackendHttp('prometheus', options)
  return {
    query(promql, { timeMs, lookbackMs, ...call } = {}) {
      const form = { query: promql, time: optional(timeMs), lookback_delta: optional(lookbackMs) }
      return http.json({ path: 'api/v1/query', query: promql, form }, schemas.queryAnswer, call)
    },
    queryRange(promql, { startMs, endMs, stepMs, lookbackMs, ...call }) {
      const form = {
        query: promql,
        start: toSeconds(startMs),
        end: toSeconds(endMs),
        step: toSeconds(stepMs),
        lookback_delta: optional(lookbackMs),
      }
      return http.json({ path: 'api/v1/query_range', query: promql, form }, schemas.rangeAnswer, call)
    },
    queryExemplars(promql, { startMs, endMs, ...call }) {
      const form = { query: promql, start: toSeconds(startMs), end: toSeconds(endMs) }
      return http.json({ path: 'api/v1/query_exemplars', query: promql, form }, schemas.exemplarsAnswer, call)
    },
    rules: (call) => http.json({ path: 'api/v1/rules', query: 'rules' }, schemas.rulesAnswer, call),
    alerts: (call) => http.json({ path: 'api/v1/alerts', query: 'alerts' }, schemas.alertsAnswer, call),
    series(selectors, { startMs, endMs, ...call } = {}) {
      const form = { 'match[]': selectors, start: optional(startMs), end: optional(endMs) }
      return http.json(
        { path: 'api/v1/series', query: selectors.join(', '), form },
        schemas.seriesAnswer,
        call,
      )
    },
    labelNames({ selectors, startMs, endMs, ...call } = {}) {
      const parameters = { 'match[]': selectors, start: optional(startMs), end: optional(endMs) }
      return http.json({ path: 'api/v1/labels', query: 'label names', parameters }, schemas.namesAnswer, call)
    },
    labelValues(label, { selectors, startMs, endMs, ...call } = {}) {
      const parameters = { 'match[]': selectors, start: optional(startMs), end: optional(endMs) }
      const path = `api/v1/label/${encodeURIComponent(label)}/values`
      return http.json({ path, query: `values of label ${label}`, parameters }, schemas.namesAnswer, call)
    },
    metadata({ metric, ...call } = {}) {
      const asked = {
        path: 'api/v1/metadata',
        query: `metadata of ${metric ?? 'all metrics'}`,
        parameters: { metric },
      }
      return http.json(asked, schemas.metadataAnswer, call)
    },
    targets: (call) => http.json({ path: 'api/v1/targets', query: 'targets' }, schemas.targetsAnswer, call),
    buildInfo: (call) =>
      http.json(
        { path: 'api/v1/status/buildinfo', query: 'build information' },
        schemas.buildInfoAnswer,
        call,
      ),
    async ready(call) {
      await http.text({ path: '-/ready', query: 'readiness' }, call)
    },
  }
}

function optional(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : toSeconds(ms)
}
