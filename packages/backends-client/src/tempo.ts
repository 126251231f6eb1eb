import * as z from 'zod'
import { type BackendOptions, BackendRefused, createBackendHttp } from './http.ts'
import type { TimeRange } from './prometheus.ts'
import { fromNanoseconds, toWholeSeconds } from './time.ts'
import { nanoseconds, type Trace, traceAnswer } from './trace.ts'

// Shapes of https://grafana.com/docs/tempo/latest/api_docs/; protobuf's JSON leaves out whatever is zero.

const foundTrace = z
  .object({
    traceID: z.string().regex(/^[0-9a-f]{1,32}$/i),
    startTimeUnixNano: nanoseconds,
    durationMs: z.number().default(0),
  })
  .transform(({ traceID, startTimeUnixNano, durationMs }) => ({
    // a search leaves out leading zeros
    traceId: traceID.toLowerCase().padStart(32, '0'),
    startMs: fromNanoseconds(startTimeUnixNano),
    durationMs,
  }))
/** A trace that a search found. */
export type FoundTrace = z.infer<typeof foundTrace>

export const searchAnswer = z
  .object({ traces: z.array(foundTrace).default([]) })
  .transform(({ traces }) => traces)

/**
 * Client of Tempo's query API. Ranges are rounded outwards to whole seconds, as that is what Tempo takes.
 * @see https://grafana.com/docs/tempo/latest/api_docs/
 */
export function createTempoClient(options: BackendOptions) {
  const http = createBackendHttp('tempo', options)
  return {
    /** The stored trace, or undefined where there is none (yet). */
    async trace(traceId: string): Promise<Trace | undefined> {
      const path = `api/v2/traces/${encodeURIComponent(traceId)}`
      try {
        const spans = await http.json({ path, query: `trace ${traceId}` }, traceAnswer)
        return spans.length === 0 ? undefined : { traceId, spans }
      } catch (error) {
        if (error instanceof BackendRefused && error.status === 404) return undefined
        throw error
      }
    },
    /** Traces with spans that a TraceQL query selects, newest first; at most `limit`, by default the server's 20. */
    search(traceql: string, { limit, ...during }: TimeRange & { limit?: number }) {
      const parameters = { q: traceql, ...range(during), limit: limit?.toString() }
      return http.json({ path: 'api/search', query: traceql, parameters }, searchAnswer)
    },
  }
}

/**
 * Whole seconds around the range, widened where Tempo would refuse it: it moves an end in the future to now, cuts both
 * to seconds, and takes no range that ends where it starts. So a range that begins in this second begins one earlier.
 */
function range({ startMs, endMs }: TimeRange): { start: string; end: string } {
  const start = toWholeSeconds(Math.min(startMs, Date.now() - 1000), 'down')
  const end = toWholeSeconds(endMs, 'up')
  return { start, end: start === end ? String(Number(end) + 1) : end }
}
