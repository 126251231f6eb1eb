import { BackendRefused } from '../errors.ts'
import { type BackendOptions, type CallOptions, createBackendHttp } from '../http.ts'
import type { TimeRange } from '../prometheus/client.ts'
import { toWholeSeconds } from '../time.ts'
import * as schemas from './schemas.ts'
import type { FoundTrace, TagNames, Trace } from './types.ts'

export interface SearchOptions extends CallOptions, Partial<TimeRange> {
  /** Most traces. Default: the server's, 20. */
  readonly limit?: number
  /** Most spans shown of each trace. Default: the server's, 3. */
  readonly spansPerSpanSet?: number
}

/**
 * Client of Tempo's query API. Ranges are rounded outwards to whole seconds, as that is what Tempo takes.
 * @see https://grafana.com/docs/tempo/latest/api_docs/
 */
export interface TempoClient {
  /** The stored trace, or undefined where there is none (yet). */
  trace(traceId: string, options?: CallOptions & Partial<TimeRange>): Promise<Trace | undefined>
  /** Traces with spans that a TraceQL query selects, newest first. */
  search(traceql: string, options?: SearchOptions): Promise<FoundTrace[]>
  /** Names of attributes by scope. */
  tags(options?: CallOptions & Partial<TimeRange> & { readonly scope?: string }): Promise<TagNames>
  /** Values of an attribute, spelled as in TraceQL: `resource.service.name`, `span.http.route`. */
  tagValues(tag: string, options?: CallOptions & Partial<TimeRange>): Promise<string[]>
  /** Resolves when queries are served; rejects with a {@link BackendError} otherwise. */
  ready(options?: CallOptions): Promise<void>
}

export function createTempoClient(options: BackendOptions): TempoClient {
  const http = createBackendHttp('tempo', options)
  return {
    async trace(traceId, { startMs, endMs, ...call } = {}) {
      const path = `api/v2/traces/${encodeURIComponent(traceId)}`
      const asked = { path, query: `trace ${traceId}`, parameters: range(startMs, endMs) }
      try {
        const spans = await http.json(asked, schemas.traceAnswer, call)
        return spans.length === 0 ? undefined : { traceId, spans }
      } catch (error) {
        if (error instanceof BackendRefused && error.status === 404) return undefined
        throw error
      }
    },
    search(traceql, { startMs, endMs, limit, spansPerSpanSet, ...call } = {}) {
      const parameters = {
        q: traceql,
        ...range(startMs, endMs),
        limit: limit === undefined ? undefined : String(limit),
        spss: spansPerSpanSet === undefined ? undefined : String(spansPerSpanSet),
      }
      return http.json({ path: 'api/search', query: traceql, parameters }, schemas.searchAnswer, call)
    },
    tags({ scope, startMs, endMs, ...call } = {}) {
      const parameters = { scope, ...range(startMs, endMs) }
      return http.json(
        { path: 'api/v2/search/tags', query: 'tag names', parameters },
        schemas.tagsAnswer,
        call,
      )
    },
    tagValues(tag, { startMs, endMs, ...call } = {}) {
      const path = `api/v2/search/tag/${encodeURIComponent(tag)}/values`
      const asked = { path, query: `values of tag ${tag}`, parameters: range(startMs, endMs) }
      return http.json(asked, schemas.tagValuesAnswer, call)
    },
    async ready(call) {
      await http.text({ path: 'ready', query: 'readiness' }, call)
    },
  }
}

/**
 * Whole seconds around the range, widened where Tempo would refuse it: it moves an end in the future to now, cuts both to
 * seconds, and takes no range that ends where it starts. So a range that begins in this second begins one earlier.
 */
function range(startMs: number | undefined, endMs: number | undefined): { start?: string; end?: string } {
  const lastStartMs = Date.now() - 1000
  const start = startMs === undefined ? undefined : toWholeSeconds(Math.min(startMs, lastStartMs), 'down')
  const end = endMs === undefined ? undefined : toWholeSeconds(endMs, 'up')
  return {
    ...(start !== undefined && { start }),
    ...(end !== undefined && { end: start === end ? String(Number(end) + 1) : end }),
  }
}
