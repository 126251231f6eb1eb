import { type BackendOptions, type BackendRequest, type CallOptions, createBackendHttp } from '../http.ts'
import type { TimeRange } from '../prometheus/client.ts'
import type { BuildInfo, Labels } from '../prometheus/types.ts'
import { toNanoseconds, toSeconds } from '../time.ts'
import * as schemas from './schemas.ts'
import type { LogInstantResult, LogResult } from './types.ts'

export interface LogRangeOptions extends CallOptions, TimeRange {
  /** Most entries of a log query. Default: the server's, 100. */
  readonly limit?: number
  /** Newest first (`backward`, the default) or oldest first; says which entries a limit keeps. */
  readonly direction?: 'forward' | 'backward'
  /** Distance between two evaluations of a metric query, in ms. Default: chosen by the server. */
  readonly stepMs?: number
}

/**
 * Client of Loki's query API.
 * @see https://grafana.com/docs/loki/latest/reference/loki-http-api/
 */
export interface LokiClient {
  /** Evaluates a metric query at one time (epoch ms, default now). */
  query(logql: string, options?: CallOptions & { readonly timeMs?: number }): Promise<LogInstantResult>
  /** Log lines, or the series of a metric query, over a range. */
  queryRange(logql: string, options: LogRangeOptions): Promise<LogResult>
  /** Names of index labels. */
  labels(options?: CallOptions & Partial<TimeRange>): Promise<string[]>
  /** Values of an index label, of all streams or of those that `selector` matches. */
  labelValues(
    label: string,
    options?: CallOptions & Partial<TimeRange> & { readonly selector?: string },
  ): Promise<string[]>
  /** Label sets of the streams that any of the selectors matches. */
  series(selectors: readonly string[], options?: CallOptions & Partial<TimeRange>): Promise<Labels[]>
  buildInfo(options?: CallOptions): Promise<BuildInfo>
  /** Resolves when queries are served; rejects with a {@link BackendError} otherwise. */
  ready(options?: CallOptions): Promise<void>
}

/** Keeps index labels, structured metadata and parsed labels apart; without it all three come mixed. */
const CATEGORIZED = { 'x-loki-response-encoding-flags': 'categorize-labels' }

export function createLokiClient(options: BackendOptions): LokiClient {
  const http = createBackendHttp('loki', options)
  return {
    query(logql, { timeMs, ...call } = {}) {
      const form = { query: logql, time: optional(timeMs) }
      return http.json(logRequest('loki/api/v1/query', logql, form), schemas.instantAnswer, call)
    },
    queryRange(logql, { startMs, endMs, limit, direction, stepMs, ...call }) {
      const form = {
        query: logql,
        start: toNanoseconds(startMs),
        end: toNanoseconds(endMs),
        limit: limit === undefined ? undefined : String(limit),
        direction,
        step: stepMs === undefined ? undefined : toSeconds(stepMs),
      }
      return http.json(logRequest('loki/api/v1/query_range', logql, form), schemas.rangeAnswer, call)
    },
    labels({ startMs, endMs, ...call } = {}) {
      const parameters = { start: optional(startMs), end: optional(endMs) }
      return http.json(
        { path: 'loki/api/v1/labels', query: 'label names', parameters },
        schemas.namesAnswer,
        call,
      )
    },
    labelValues(label, { selector, startMs, endMs, ...call } = {}) {
      const parameters = { start: optional(startMs), end: optional(endMs), query: selector }
      const path = `loki/api/v1/label/${encodeURIComponent(label)}/values`
      return http.json({ path, query: `values of label ${label}`, parameters }, schemas.namesAnswer, call)
    },
    series(selectors, { startMs, endMs, ...call } = {}) {
      const form = { 'match[]': selectors, start: optional(startMs), end: optional(endMs) }
      return http.json(
        { path: 'loki/api/v1/series', query: selectors.join(', '), form },
        schemas.seriesAnswer,
        call,
      )
    },
    buildInfo: (call) =>
      http.json(
        { path: 'loki/api/v1/status/buildinfo', query: 'build information' },
        schemas.buildInfoAnswer,
        call,
      ),
    async ready(call) {
      await http.text({ path: 'ready', query: 'readiness' }, call)
    },
  }
}

function logRequest(path: string, query: string, form: NonNullable<BackendRequest['form']>): BackendRequest {
  return { path, query, form, headers: CATEGORIZED }
}

function optional(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : toNanoseconds(ms)
}
