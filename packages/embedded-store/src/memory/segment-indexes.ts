interface SegmentIndex {
  readonly segment: number
  readonly bytes: number
}

/** Indexes by segment under one memory bound: when it is passed, those of the oldest segments go. */
export class SegmentIndexes<Index extends SegmentIndex> {
  readonly #maxBytes: number
  readonly #create: (segment: number) => Index
  #indexes: Index[] = []
  /** Segments below this have been evicted or dropped and are not indexed again. */
  #floor = 0
  #evicted = 0

  constructor(maxBytes: number, create: (segment: number) => Index) {
    this.#maxBytes = maxBytes
    this.#create = create
  }

  /** Oldest segment first. */
  list(): readonly Index[] {
    return this.#indexes
  }

  /** Index of a segment, made when it is new; undefined for a segment that was evicted. */
  protected forSegment(segment: number): Index | undefined {
    const known = this.#indexes.find((index) => index.segment === segment)
    if (known !== undefined || segment < this.#floor) return known
    const created = this.#create(segment)
    this.#indexes = [...this.#indexes, created].sort((a, b) => a.segment - b.segment)
    return created
  }

  /** Forgets a segment. */
  drop(segment: number): void {
    this.#indexes = this.#indexes.filter((index) => index.segment !== segment)
  }

  /** Forgets the oldest segments until the rest is within the bound; the newest one always stays. */
  protected evict(): void {
    while (this.#indexes.length > 1 && this.bytes > this.#maxBytes) {
      const oldest = this.#indexes[0]
      if (oldest === undefined) return
      this.#floor = oldest.segment + 1
      this.#evicted += 1
      this.drop(oldest.segment)
    }
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
    return this.#indexes.reduce((sum, index) => sum + index.bytes, 0)
  }

  /** Segments that had to go because of the bound. */
  get evicted(): number {
    return this.#evicted
  }
}
