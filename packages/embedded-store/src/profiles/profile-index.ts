import { SegmentIndexes } from '../memory/segment-indexes.ts'
import type { FrameLocation } from '../segments/segment-log.ts'
import type { ConvertedBatch } from './convert.ts'
import type { Labels } from './labels.ts'
import { ProfileSegmentIndex } from './segment-index.ts'
import { type Matcher, selects } from './selector.ts'

/** Milliseconds since the epoch, both ends inside. */
export interface TimeRange {
  readonly startMs: number
  readonly endMs: number
}

/** Index of all segments that fit the memory bound. */
export class ProfileIndex extends SegmentIndexes<ProfileSegmentIndex> {
  constructor(maxBytes: number) {
    super(maxBytes, (segment) => new ProfileSegmentIndex(segment))
  }

  /** Adds a batch to the index of its segment. */
  add(batch: ConvertedBatch, frame: FrameLocation): void {
    this.forSegment(frame.segment)?.add(batch)
    this.evict()
  }

  /** Distinct label sets of segments that touch the range and fit the matchers. */
  series(matchers: readonly Matcher[], range: TimeRange): Labels[] {
    const fits = selects(matchers)
    const found = new Map<string, Labels>()
    for (const index of this.list()) {
      if (!index.overlaps(range.startMs, range.endMs)) continue
      for (let row = 0; row < index.seriesCount; row += 1) {
        const labels = index.series(row)
        if (labels !== undefined && fits(labels)) found.set(labels.key, labels)
      }
    }
    return [...found.values()]
  }

  /** Samples that queries can find. */
  get itemCount(): number {
    return this.list().reduce((sum, index) => sum + index.sampleCount, 0)
  }
}
