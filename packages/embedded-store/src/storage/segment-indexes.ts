import { totalBytes } from './columns.ts'
import type { FrameLocation } from './segment-file.ts'

/** Index of one segment file. Dropping it drops all that the index knows of the segment. */
export interface SegmentIndex {
  readonly segment: number
  /** Estimated bytes of memory. */
  readonly bytes: number
  /** Spans or samples that queries can find. */
  readonly itemCount: number
}

/** Indexes by segment under one memory bound: when it is passed, those of the oldest segments go. */
export abstract class SegmentIndexes<Index extends SegmentIndex, Batch> {
  readonly #maxBytes: number
  #indexes: Index[] = []
  /** Segments below this have been evicted and are not indexed again. */
  #floor = 0
  #evicted = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  protected abstract create(segment: number): Index
  protected abstract addTo(index: Index, batch: Batch, frame: FrameLocation): void

  /** Adds a batch to the index of its segment, unless that was evicted. */
  add(batch: Batch, frame: FrameLocation): void {
    const index = this.#forSegment(frame.segment)
    if (index === undefined) return
    this.addTo(index, batch, frame)
    this.#evict()
  }

  /** Oldest segment first. */
  list(): readonly Index[] {
    return this.#indexes
  }

  /** Forgets a segment. */
  drop(segment: number): void {
    this.#indexes = this.#indexes.filter((index) => index.segment !== segment)
  }

  /** Whether the newest segment has so much of the bound that a new one should begin, to keep evictions small. */
  get newestIsLarge(): boolean {
    return (this.#indexes.at(-1)?.bytes ?? 0) > this.#maxBytes / 8
  }

  get isFull(): boolean {
    return this.bytes > this.#maxBytes
  }

  /** Estimated bytes of memory. */
  get bytes(): number {
    return totalBytes(this.#indexes)
  }

  get itemCount(): number {
    return this.#indexes.reduce((sum, index) => sum + index.itemCount, 0)
  }

  /** Segments that had to go because of the bound. */
  get evicted(): number {
    return this.#evicted
  }

  #forSegment(segment: number): Index | undefined {
    const known = this.#indexes.find((index) => index.segment === segment)
    if (known !== undefined || segment < this.#floor) return known
    const created = this.create(segment)
    this.#indexes = [...this.#indexes, created].sort((a, b) => a.segment - b.segment)
    return created
  }

  /** Forgets the oldest segments until the rest is within the bound; the newest one always stays. */
  #evict(): void {
    while (this.#indexes.length > 1 && this.isFull) {
      const oldest = this.#indexes[0]
      if (oldest === undefined) return
      this.#floor = oldest.segment + 1
      this.#evicted += 1
      this.drop(oldest.segment)
    }
  }
}
