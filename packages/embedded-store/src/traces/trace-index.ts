import type { ExportTraceServiceRequest } from '../generated/opentelemetry/proto/collector/trace/v1/trace_service_pb.js'
import { SegmentIndexes } from '../memory/segment-indexes.ts'
import type { FrameLocation } from '../segments/segment-log.ts'
import { TraceSegmentIndex } from './segment-index.ts'

/** The part of a trace that lies in one segment. */
export interface TracePart {
  readonly index: TraceSegmentIndex
  readonly trace: number
}

/** Index of all segments that fit the memory bound. */
export class TraceIndex extends SegmentIndexes<TraceSegmentIndex> {
  constructor(maxBytes: number) {
    super(maxBytes, (segment) => new TraceSegmentIndex(segment))
  }

  /** Adds a decoded batch to the index of its segment and notes which traces are in other segments too. */
  add(request: ExportTraceServiceRequest, frame: FrameLocation): void {
    const index = this.forSegment(frame.segment)
    if (index === undefined) return
    const known = index.traceCount
    index.add(request, frame)
    for (let trace = known; trace < index.traceCount; trace += 1) this.#noteOtherParts(index, trace)
    this.evict()
  }

  /** All parts of a trace, oldest segment first. */
  parts(key: string): TracePart[] {
    return this.list().flatMap((index) => {
      const trace = index.findTrace(key)
      return trace === undefined ? [] : [{ index, trace }]
    })
  }

  /** Spans that queries can find. */
  get itemCount(): number {
    return this.list().reduce((sum, index) => sum + index.spanCount, 0)
  }

  #noteOtherParts(added: TraceSegmentIndex, trace: number): void {
    for (const index of this.list()) {
      if (index === added) continue
      const other = index.findTrace(added.traceKey(trace))
      if (other === undefined) continue
      index.markInOtherSegment(other)
      added.markInOtherSegment(trace)
    }
  }
}
