import { float64Column, uint32Column } from '../memory/column.ts'
import type { ConvertedBatch } from './convert.ts'
import type { Labels } from './labels.ts'
import { StackTable } from './stack-table.ts'

const SERIES_BYTES = 1024

/** Index of the profile samples in one segment file: everything that queries answer from. */
export class ProfileSegmentIndex {
  readonly segment: number
  readonly stacks = new StackTable()
  readonly #seriesByKey = new Map<string, number>()
  readonly #series: Labels[] = []
  readonly #sampleSeries = uint32Column()
  readonly #sampleStack = uint32Column()
  readonly #sampleValue = float64Column()
  readonly #sampleTimeMs = float64Column()
  readonly #spanHigh = uint32Column()
  readonly #spanLow = uint32Column()
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
        this.#sampleSeries.push(this.#seriesRow(labels))
        this.#sampleStack.push(nodes.get(stack) ?? 0)
        this.#sampleValue.push(value)
        this.#sampleTimeMs.push(timeMs)
        const span = spanNumbers(spanId)
        this.#spanHigh.push(span.high)
        this.#spanLow.push(span.low)
      }
    }
  }

  get sampleCount(): number {
    return this.#sampleSeries.length
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

  sampleSeries(sample: number): number {
    return this.#sampleSeries.get(sample)
  }

  /** Node in `stacks`. */
  sampleStack(sample: number): number {
    return this.#sampleStack.get(sample)
  }

  sampleValue(sample: number): number {
    return this.#sampleValue.get(sample)
  }

  sampleTimeMs(sample: number): number {
    return this.#sampleTimeMs.get(sample)
  }

  /** Whether the sample was taken in the span; see `spanNumbers`. */
  isOfSpan(sample: number, span: SpanNumbers): boolean {
    return this.#spanHigh.get(sample) === span.high && this.#spanLow.get(sample) === span.low
  }

  /** Estimated bytes of memory. */
  get bytes(): number {
    const columns = [this.#sampleSeries, this.#sampleStack, this.#spanHigh, this.#spanLow]
    const samples = columns.reduce((sum, column) => sum + column.bytes, 0)
    const doubles = this.#sampleValue.bytes + this.#sampleTimeMs.bytes
    return samples + doubles + this.stacks.bytes + this.#series.length * SERIES_BYTES
  }

  #seriesRow(labels: Labels): number {
    const known = this.#seriesByKey.get(labels.key)
    if (known !== undefined) return known
    const row = this.#series.push(labels) - 1
    this.#seriesByKey.set(labels.key, row)
    return row
  }
}

/** A span id as two numbers of 32 bits. */
export interface SpanNumbers {
  readonly high: number
  readonly low: number
}

/** Both 0 for anything but 8 bytes. */
export function spanNumbers(id: Uint8Array): SpanNumbers {
  if (id.length !== 8) return { high: 0, low: 0 }
  const view = new DataView(id.buffer, id.byteOffset, 8)
  return { high: view.getUint32(0), low: view.getUint32(4) }
}
