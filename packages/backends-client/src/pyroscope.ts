import * as z from 'zod'
import { flameGraph } from './flame-graph.ts'
import { type BackendOptions, createBackendHttp } from './http.ts'
import type { TimeRange } from './prometheus.ts'

// Shapes of https://github.com/grafana/pyroscope/blob/main/api/querier/v1/querier.proto in protobuf's JSON
// mapping; what is empty or zero is left out.

const flameGraphAnswer = z
  .object({ flamegraph: flameGraph.optional() })
  .transform(({ flamegraph }) => flamegraph ?? flameGraph.parse({}))

const labels = z
  .array(z.object({ name: z.string(), value: z.string().default('') }))
  .default([])
  .transform((pairs) => Object.fromEntries(pairs.map(({ name, value }) => [name, value])))

const point = z
  .object({
    timestamp: z.union([z.number(), z.string().regex(/^\d+$/).transform(Number)]).default(0),
    value: z.union([z.number(), z.enum(['NaN', 'Infinity', '-Infinity']).transform(Number)]).default(0),
  })
  .transform(({ timestamp, value }) => ({ timeMs: timestamp, value }))

const seriesAnswer = z
  .object({ series: z.array(z.object({ labels, points: z.array(point).default([]) })).default([]) })
  .transform(({ series }) => series)

export interface StacksOptions extends TimeRange {
  /** Smaller nodes are merged into `other` so that at most this many remain. Default: the server's. */
  readonly maxNodes?: number
}

/**
 * Client of Pyroscope's query API (Connect protocol, JSON). Selectors are Prometheus' (`{service_name="x"}`);
 * match an exact `service_name`, as Pyroscope stores by it.
 * @see https://grafana.com/docs/pyroscope/latest/reference-server-api/
 */
export function createPyroscopeClient(options: BackendOptions) {
  const http = createBackendHttp('pyroscope', options)

  function ask<T>(
    method: string,
    query: string,
    { startMs, endMs, ...fields }: TimeRange & { readonly [field: string]: unknown },
    schema: z.ZodType<T>,
  ): Promise<T> {
    const json = { start: Math.floor(startMs), end: Math.ceil(endMs), ...fields }
    return http.json({ path: `querier.v1.QuerierService/${method}`, query, json }, schema)
  }

  return {
    /** All stacks of the selected profiles, merged. */
    mergeStacktraces(profileTypeID: string, labelSelector: string, range: StacksOptions) {
      const message = { ...range, profileTypeID, labelSelector }
      return ask('SelectMergeStacktraces', `${profileTypeID} ${labelSelector}`, message, flameGraphAnswer)
    },
    /** The stacks that were sampled while one of these spans (16 hexadecimal digits) was running. */
    mergeSpanProfile(
      profileTypeID: string,
      labelSelector: string,
      spanSelector: readonly string[],
      range: TimeRange,
    ) {
      const query = `${profileTypeID} ${labelSelector} of ${describeSpans(spanSelector)}`
      const message = { ...range, profileTypeID, labelSelector, spanSelector }
      return ask('SelectMergeSpanProfile', query, message, flameGraphAnswer)
    },
    /** Totals over time, one point every `stepMs`. */
    selectSeries(
      profileTypeID: string,
      labelSelector: string,
      { stepMs, groupBy, ...range }: TimeRange & { stepMs: number; groupBy: readonly string[] },
    ) {
      const query = `${profileTypeID} ${labelSelector} by (${groupBy.join(', ')})`
      const message = { ...range, profileTypeID, labelSelector, groupBy, step: stepMs / 1000 }
      return ask('SelectSeries', query, message, seriesAnswer)
    },
  }
}

function describeSpans(spanIds: readonly string[]): string {
  const shown = spanIds.slice(0, 3).join(', ')
  return spanIds.length > 3 ? `spans ${shown} and ${spanIds.length - 3} more` : `span ${shown}`
}
