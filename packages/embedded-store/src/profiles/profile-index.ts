import { Column, IdColumn, StringTable, totalBytes } from '../storage/columns.ts'
import { type SegmentIndex, SegmentIndexes } from '../storage/segment-indexes.ts'
import type { ConvertedBatch } from './convert-otlp.ts'
import { type Labels, type Matcher, selects } from './selector.ts'

/** Milliseconds since the epoch, both ends inside. */
export interface TimeRange {
  readonly startMs: number
  readonly endMs: number
}

/** Index of all segments that fit the memory bound. */
export class ProfileIndex extends SegmentIndexes<ProfileSegmentIndex, ConvertedBatch> {
  protected create(segment: number): ProfileSegmentIndex {
    return new ProfileSegmentIndex(segment)
  }

  protected addTo(index: ProfileSegmentIndex, batch: ConvertedBatch): void {
    index.add(batch)
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
}

const SERIES_BYTES = 1024

/** Index of the profile samples in one segment file: everything that queries answer from. */
export class ProfileSegmentIndex implements SegmentIndex {
  readonly segment: number
  readonly stacks = new StackTable()
  readonly #seriesKeys = new StringTable()
  readonly #series: Labels[] = []
  readonly sampleSeries = new Column(Uint32Array)
  /** Node in `stacks`. */
  readonly sampleStack = new Column(Uint32Array)
  readonly sampleValue = new Column(Float64Array)
  readonly sampleTimeMs = new Column(Float64Array)
  /** Span that was active; zeros for none. */
  readonly sampleSpan = new IdColumn()
  #startMs = Number.POSITIVE_INFINITY
  #endMs = 0

  constructor(segment: number) {
    this.segment = segment
  }

  /** Adds all samples of a batch. */
  add({ profiles, stacks }: ConvertedBatch): void {
    const nodes = new Map([...stacks].map(([stack, frames]) => [stack, this.stacks.add(frames)]))
    for (const { timeMs, samples } of profiles) {
      this.#startMs = Math.min(this.#startMs, timeMs)
      this.#endMs = Math.max(this.#endMs, timeMs)
      for (const { labels, stack, value, spanId } of samples) {
        this.sampleSeries.push(this.#seriesRow(labels))
        this.sampleStack.push(nodes.get(stack) ?? 0)
        this.sampleValue.push(value)
        this.sampleTimeMs.push(timeMs)
        this.sampleSpan.push(spanId)
      }
    }
  }

  get itemCount(): number {
    return this.sampleSeries.length
  }

  get seriesCount(): number {
    return this.#series.length
  }

  series(row: number): Labels | undefined {
    return this.#series[row]
  }

  /** Whether any profile may lie in a window of milliseconds since the epoch. */
  overlaps(startMs: number, endMs: number): boolean {
    return this.#startMs <= endMs && this.#endMs >= startMs
  }

  /** Estimated bytes of memory. */
  get bytes(): number {
    const columns = [this.sampleSeries, this.sampleStack, this.sampleValue, this.sampleTimeMs]
    const parts = [...columns, this.sampleSpan, this.stacks]
    return totalBytes(parts) + this.#series.length * SERIES_BYTES
  }

  #seriesRow(labels: Labels): number {
    const row = this.#seriesKeys.add(labels.key)
    if (row === this.#series.length) this.#series.push(labels)
    return row
  }
}

/** Functions that one index can tell apart: what fits beside a node number in an exact double. */
const MAX_FUNCTIONS = 2 ** 21
const NODE_BYTES = 48

/**
 * Stacks as paths in one tree: a node is a function called from its parent's. Parents have smaller numbers than
 * their children, so one pass from the end sums up totals. Node 0 is the root, above all stacks.
 */
class StackTable {
  readonly #functions = new StringTable()
  readonly #parent = new Column(Uint32Array)
  readonly #function = new Column(Uint32Array)
  readonly #nodes = new Map<number, number>()

  constructor() {
    this.#parent.push(0)
    this.#function.push(this.#functions.add(''))
  }

  /** Node of a stack of function names, leaf first. */
  add(frames: readonly string[]): number {
    let node = 0
    for (let depth = frames.length - 1; depth >= 0; depth -= 1) node = this.#child(node, frames[depth] ?? '')
    return node
  }

  parent(node: number): number {
    return this.#parent.get(node)
  }

  /** Name of the node's function. */
  name(node: number): string {
    return this.#functions.get(this.#function.get(node))
  }

  get size(): number {
    return this.#parent.length
  }

  /** Estimated bytes of memory. */
  get bytes(): number {
    return totalBytes([this.#functions, this.#parent, this.#function]) + this.#nodes.size * NODE_BYTES
  }

  #child(parent: number, name: string): number {
    const id = Math.min(this.#functions.add(name), MAX_FUNCTIONS - 1)
    const key = parent * MAX_FUNCTIONS + id
    const known = this.#nodes.get(key)
    if (known !== undefined) return known
    this.#function.push(id)
    const node = this.#parent.push(parent)
    this.#nodes.set(key, node)
    return node
  }
}
