import type { Logger } from 'pino'
import type { Signal, StoreMetrics } from '../metrics.ts'
import { Refusal } from '../refusal.ts'
import { totalBytes } from './columns.ts'
import type { SegmentIndex, SegmentIndexes } from './segment-indexes.ts'
import type { SegmentLog } from './segment-log.ts'

export interface SignalStoreOptions<Prepared> {
  readonly signal: Signal
  readonly log: SegmentLog
  readonly index: SegmentIndexes<SegmentIndex, Prepared>
  /** Makes of a stored frame what the index takes; throws when it cannot. */
  readonly read: (frame: Uint8Array) => Prepared
  /** Spans or samples of a batch. */
  readonly count: (batch: Prepared) => number
  readonly metrics: StoreMetrics
  readonly logger: Logger
}

/** A received batch as the index takes it, and the frame that gives the same again. */
export interface StorableBatch<Prepared> {
  readonly prepared: Prepared
  readonly frame: Uint8Array
}

/** One signal: what is received goes to the log, is acknowledged, and can be found in the index. */
export class SignalStore<Prepared> {
  readonly #options: SignalStoreOptions<Prepared>

  constructor(options: SignalStoreOptions<Prepared>) {
    this.#options = options
    const { log, index } = options
    options.metrics.observe(options.signal, () => {
      const segments = log.segments()
      return {
        segments: segments.length,
        segment_bytes: totalBytes(segments),
        index_bytes: index.bytes,
        indexed_items: index.itemCount,
        pending_bytes: log.pendingBytes,
      }
    })
  }

  get log(): SegmentLog {
    return this.#options.log
  }

  /** Reads what earlier runs acknowledged, as much as the memory bound allows. */
  async replay(): Promise<void> {
    const { log, index, read, signal, metrics, logger } = this.#options
    const started = performance.now()
    const report = await log.replay({
      onFrame: (location, payload) => {
        try {
          index.add(read(payload), location)
        } catch (error) {
          metrics.lostBytes.inc({ signal, cause: 'undecodable' }, payload.length)
          logger.error({ err: error, signal, ...location }, 'a stored batch cannot be decoded')
        }
      },
      wantsMore: () => index.evicted === 0 && !index.isFull,
    })
    metrics.lostBytes.inc({ signal, cause: 'torn_tail' }, report.tornBytes)
    metrics.lostBytes.inc({ signal, cause: 'damage' }, report.damagedBytes)
    const details = { signal, ...report, items: index.itemCount, ms: Math.round(performance.now() - started) }
    if (report.damagedBytes > 0)
      logger.error(details, 'segments replayed, some frames were damaged and are lost')
    else if (report.tornBytes > 0) logger.warn(details, 'segments replayed, a torn tail was cut off')
    else logger.info(details, 'segments replayed')
  }

  /**
   * Stores a received batch; when this resolves it outlives a kill and can be found. What `decode` throws, such as
   * a {@link Refusal} of a batch that the real backend would refuse, is counted.
   */
  async ingest(decode: () => StorableBatch<Prepared>): Promise<void> {
    const { log, index, signal, metrics, count, logger } = this.#options
    try {
      const { prepared, frame } = decode()
      const items = count(prepared)
      if (items > 0) {
        const evicted = index.evicted
        const location = await log.append(frame)
        index.add(prepared, location)
        if (index.newestIsLarge) log.roll()
        metrics.items.inc({ signal }, items)
        metrics.bytes.inc({ signal }, frame.length)
        if (index.evicted > evicted) {
          metrics.droppedSegments.inc({ signal, reason: 'memory' }, index.evicted - evicted)
          logger.debug({ signal }, 'oldest segment left the index, its memory bound is reached')
        }
      }
      metrics.batches.inc({ signal, outcome: 'stored' })
    } catch (error) {
      metrics.batches.inc({ signal, outcome: outcomeOf(error) })
      throw error
    }
  }

  /** Forgets a segment that retention has dropped. */
  dropped(segment: number, reason: 'age' | 'size'): void {
    const { index, metrics, signal } = this.#options
    index.drop(segment)
    metrics.droppedSegments.inc({ signal, reason })
  }
}

function outcomeOf(error: unknown): string {
  const status = error instanceof Refusal ? error.status : undefined
  if (status === 429) return 'overloaded'
  return status === 503 ? 'unavailable' : 'refused'
}
