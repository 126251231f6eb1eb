import { create, fromBinary } from '@bufbuild/protobuf'
import { ExportTraceServiceRequestSchema } from '../generated/opentelemetry/proto/collector/trace/v1/trace_service_pb.js'
import {
  type ResourceSpans,
  ResourceSpansSchema,
  ScopeSpansSchema,
  type Span,
  type TracesData,
  TracesDataSchema,
} from '../generated/opentelemetry/proto/trace/v1/trace_pb.js'
import { unpackBatch } from '../otlp.ts'
import type { SegmentLog } from '../storage/segment-log.ts'
import { traceKey } from './segment-index.ts'
import type { TraceIndex } from './trace-index.ts'

/**
 * Reads all spans of a trace from the segments, with everything they were sent with. A span that was stored twice
 * (a retried export) is given once.
 *
 * @returns undefined when the store has no span of the trace
 */
export async function readTrace(
  log: SegmentLog,
  index: TraceIndex,
  key: string,
): Promise<TracesData | undefined> {
  const resourceSpans: ResourceSpans[] = []
  const seen = new Set<string>()
  const isNew = (span: Span): boolean => {
    if (traceKey(span.traceId) !== key) return false
    const identity = `${Buffer.from(span.spanId).toString('hex')}${span.kind}`
    if (seen.has(identity)) return false
    seen.add(identity)
    return true
  }
  for (const { index: segment, trace } of index.parts(key)) {
    for (const frame of segment.framesOf(trace)) {
      const payload = await log.read(frame)
      if (payload === undefined) continue
      const batch = fromBinary(ExportTraceServiceRequestSchema, unpackBatch(payload))
      for (const group of batch.resourceSpans) {
        const kept = keepSpans(group, isNew)
        if (kept !== undefined) resourceSpans.push(kept)
      }
    }
  }
  return resourceSpans.length === 0 ? undefined : create(TracesDataSchema, { resourceSpans })
}

function keepSpans(group: ResourceSpans, keep: (span: Span) => boolean): ResourceSpans | undefined {
  const scopeSpans = group.scopeSpans.flatMap((scope) => {
    const spans = scope.spans.filter(keep)
    return spans.length === 0 ? [] : [create(ScopeSpansSchema, { ...scope, spans })]
  })
  return scopeSpans.length === 0 ? undefined : create(ResourceSpansSchema, { ...group, scopeSpans })
}
