import type { ExportTraceServiceRequest } from '../generated/opentelemetry/proto/collector/trace/v1/trace_service_pb.js'
import type { FrameLocation } from '../storage/segment-file.ts'
import { SegmentIndexes } from '../storage/segment-indexes.ts'
import { TraceSegmentIndex } from './segment-index.ts'

/** The part of a trace that lies in one segment. */
export interface TracePart {
  readonly index: TraceSegmentIndex
  readonly trace: number
}

/** Index of all segments that fit the memory bound. */
export class TraceIndex extends SegmentIndexes<TraceSegmentIndex, ExportTraceServiceRequest> {
  protected create(segment: number): TraceSegmentIndex {
    return new TraceSegmentIndex(segment)
  }

  /** Adds the spans, and notes which of their traces are in other segments too. */
  protected addTo(index: TraceSegmentIndex, request: ExportTraceServiceRequest, frame: FrameLocation): void {
    const known = index.traceCount
    index.add(request, frame)
    const others = this.list().filter((other) => other !== index)
    for (let trace = known; trace < index.traceCount; trace += 1) {
      for (const other of others) {
        const part = other.findTrace(index.traceKey(trace))
        if (part === undefined) continue
        other.markInOtherSegment(part)
        index.markInOtherSegment(trace)
      }
    }
  }

  /** All parts of a trace, oldest segment first. */
  parts(key: string): TracePart[] {
    return this.list().flatMap((index) => {
      const trace = index.findTrace(key)
      return trace === undefined ? [] : [{ index, trace }]
    })
  }
}

/** Trace id of parts of a trace, 32 hexadecimal digits. */
export function traceIdOf([part]: readonly TracePart[]): string {
  return Buffer.from(part?.index.traceKey(part.trace) ?? '', 'latin1').toString('hex')
}

const ERROR = 2

export interface TraceSummary {
  /** Name of the root span, empty as long as it has not arrived. */
  readonly rootName: string
  readonly rootService: string
  /** Nanoseconds since the epoch of the earliest span. */
  readonly startNanos: bigint
  /** From the earliest start to the latest end, nanoseconds. */
  readonly durationNanos: number
  /** Spans and failed spans by `service.name`. */
  readonly services: ReadonlyMap<string, { readonly spanCount: number; readonly errorCount: number }>
}

/** What Tempo says about a whole trace in a search. A span that was stored twice (a retried export) counts once. */
export function summarize(parts: readonly TracePart[]): TraceSummary {
  let rootName = ''
  let rootService = ''
  let start: bigint | undefined
  let end = 0n
  const services = new Map<string, { spanCount: number; errorCount: number }>()
  const seen = new Set<string>()
  for (const { index, trace } of parts) {
    const serviceKey = index.keys.find('service.name')
    for (const row of index.spansOf(trace)) {
      const identity = index.identity(row)
      if (seen.has(identity)) continue
      seen.add(identity)
      const service =
        serviceKey === undefined
          ? undefined
          : index.resourceAttributes.get(index.resource.get(row), serviceKey)
      const serviceName = typeof service === 'string' ? service : ''
      const spanStart = index.start(row)
      const spanEnd = spanStart + BigInt(Math.round(index.duration.get(row)))
      if (start === undefined || spanStart < start) start = spanStart
      if (spanEnd > end) end = spanEnd
      if (index.parentId.isZero(row)) {
        rootName = index.name(row)
        rootService = serviceName
      }
      const count = services.get(serviceName) ?? { spanCount: 0, errorCount: 0 }
      count.spanCount += 1
      if (index.status.get(row) === ERROR) count.errorCount += 1
      services.set(serviceName, count)
    }
  }
  const startNanos = start ?? 0n
  return { rootName, rootService, startNanos, durationNanos: Number(end - startNanos), services }
}
