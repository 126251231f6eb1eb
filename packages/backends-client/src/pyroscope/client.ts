import type * as z from 'zod'
import { type BackendOptions, type CallOptions, createBackendHttp } from '../http.ts'
import type { TimeRange } from '../prometheus/client.ts'
import type { Labels } from '../prometheus/types.ts'
import * as schemas from './schemas.ts'
import type { FlameGraph, ProfileSeries, ProfileType } from './types.ts'

export interface SelectOptions extends CallOptions, TimeRange {
  /** Smaller nodes are merged into `other` so that at most this many remain. Default: the server's. */
  readonly maxNodes?: number
}

export interface SelectSeriesOptions extends CallOptions, TimeRange {
  /** Width of a point, in ms. */
  readonly stepMs: number
  readonly groupBy?: readonly string[]
}

/**
 * Client of Pyroscope's query API (Connect protocol, JSON). Selectors are Prometheus' (`{service_name="x"}`);
 * match an exact `service_name`, as Pyroscope stores by it.
 * @see https://grafana.com/docs/pyroscope/latest/reference-server-api/
 */
export interface PyroscopeClient {
  profileTypes(options: CallOptions & TimeRange): Promise<ProfileType[]>
  labelNames(options: CallOptions & TimeRange & { readonly selectors?: readonly string[] }): Promise<string[]>
  labelValues(
    label: string,
    options: CallOptions & TimeRange & { readonly selectors?: readonly string[] },
  ): Promise<string[]>
  /** Label sets of the profiles that any of the selectors matches, cut down to `labelNames` where given. */
  series(
    selectors: readonly string[],
    options: CallOptions & TimeRange & { readonly labelNames?: readonly string[] },
  ): Promise<Labels[]>
  /** All stacks of the selected profiles, merged. */
  mergeStacktraces(profileTypeId: string, selector: string, options: SelectOptions): Promise<FlameGraph>
  /** The stacks that were sampled while one of these spans (16 hexadecimal digits) was running. */
  mergeSpanProfile(
    profileTypeId: string,
    selector: string,
    spanIds: readonly string[],
    options: SelectOptions,
  ): Promise<FlameGraph>
  /** Totals over time. */
  selectSeries(
    profileTypeId: string,
    selector: string,
    options: SelectSeriesOptions,
  ): Promise<ProfileSeries[]>
  /** Resolves when queries are served; rejects with a {@link BackendError} otherwise. */
  ready(options?: CallOptions): Promise<void>
}

export function createPyroscopeClient(options: BackendOptions): PyroscopeClient {
  const http = createBackendHttp('pyroscope', options)

  function ask<T>(
    method: string,
    query: string,
    message: { readonly [field: string]: unknown } & TimeRange,
    schema: z.ZodType<T>,
    { signal, timeoutMs }: CallOptions,
  ): Promise<T> {
    const { startMs, endMs, ...fields } = message
    const json = { start: Math.floor(startMs), end: Math.ceil(endMs), ...fields }
    return http.json({ path: `querier.v1.QuerierService/${method}`, query, json }, schema, {
      signal,
      timeoutMs,
    })
  }

  return {
    profileTypes: ({ startMs, endMs, ...call }) =>
      ask('ProfileTypes', 'profile types', { startMs, endMs }, schemas.profileTypesAnswer, call),
    labelNames: ({ startMs, endMs, selectors = [], ...call }) =>
      ask('LabelNames', 'label names', { startMs, endMs, matchers: selectors }, schemas.namesAnswer, call),
    labelValues: (label, { startMs, endMs, selectors = [], ...call }) => {
      const message = { startMs, endMs, name: label, matchers: selectors }
      return ask('LabelValues', `values of label ${label}`, message, schemas.namesAnswer, call)
    },
    series: (selectors, { startMs, endMs, labelNames = [], ...call }) => {
      const message = { startMs, endMs, matchers: selectors, labelNames }
      return ask('Series', selectors.join(', '), message, schemas.seriesAnswer, call)
    },
    mergeStacktraces: (profileTypeId, selector, { startMs, endMs, maxNodes, ...call }) => {
      const message = { startMs, endMs, profileTypeID: profileTypeId, labelSelector: selector, maxNodes }
      return ask(
        'SelectMergeStacktraces',
        `${profileTypeId} ${selector}`,
        message,
        schemas.flameGraphAnswer,
        call,
      )
    },
    mergeSpanProfile: (profileTypeId, selector, spanIds, { startMs, endMs, maxNodes, ...call }) => {
      const select = { profileTypeID: profileTypeId, labelSelector: selector, spanSelector: spanIds }
      const query = `${profileTypeId} ${selector} of ${describeSpans(spanIds)}`
      return ask(
        'SelectMergeSpanProfile',
        query,
        { startMs, endMs, maxNodes, ...select },
        schemas.flameGraphAnswer,
        call,
      )
    },
    selectSeries: (profileTypeId, selector, { startMs, endMs, stepMs, groupBy = [], ...call }) => {
      const select = { profileTypeID: profileTypeId, labelSelector: selector, groupBy, step: stepMs / 1000 }
      const query = `${profileTypeId} ${selector} by (${groupBy.join(', ')})`
      return ask('SelectSeries', query, { startMs, endMs, ...select }, schemas.selectSeriesAnswer, call)
    },
    async ready(call) {
      await http.text({ path: 'ready', query: 'readiness' }, call)
    },
  }
}

function describeSpans(spanIds: readonly string[]): string {
  const shown = spanIds.slice(0, 3).join(', ')
  return spanIds.length > 3 ? `spans ${shown} and ${spanIds.length - 3} more` : `span ${shown}`
}
