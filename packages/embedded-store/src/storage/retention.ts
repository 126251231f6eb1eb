import type { Logger } from 'pino'
import type { SegmentLog } from './segment-log.ts'

/** How often ages are looked at; sizes also when a segment is begun. */
const INTERVAL_MS = 15_000

export interface RetentionLimits {
  readonly maxAgeMs: number
  /** Bytes on the disk of all logs together. */
  readonly maxBytes: number
}

interface DroppedSegment<Store> {
  readonly store: Store
  readonly segment: number
  readonly bytes: number
  readonly reason: 'age' | 'size'
}

/**
 * Drops whole segments that are older than the limit, then the oldest of all logs until their sum fits. A segment's
 * age is that of its newest frame. The segment being written is closed when it is too old and goes in a later run.
 */
export async function applyRetention<Store extends { readonly log: SegmentLog }>(
  stores: readonly Store[],
  limits: RetentionLimits,
  nowMs: number,
): Promise<DroppedSegment<Store>[]> {
  const dropped: DroppedSegment<Store>[] = []
  const all = stores.flatMap((store) => store.log.segments().map((segment) => ({ store, segment })))
  all.sort((a, b) => a.segment.lastWriteMs - b.segment.lastWriteMs)
  let total = all.reduce((sum, { segment }) => sum + segment.bytes, 0)
  for (const { store, segment } of all) {
    const tooOld = nowMs - segment.lastWriteMs > limits.maxAgeMs
    if (!tooOld && total <= limits.maxBytes) break
    if (store.log.isActive(segment.id)) {
      store.log.roll()
      continue
    }
    await store.log.drop(segment.id)
    total -= segment.bytes
    dropped.push({ store, segment: segment.id, bytes: segment.bytes, reason: tooOld ? 'age' : 'size' })
  }
  return dropped
}

/** A store that retention may take segments from. */
interface Retained {
  readonly log: SegmentLog
  dropped(segment: number, reason: 'age' | 'size'): void
}

/** Applies retention to all logs together, from time to time and when asked, one run at a time. */
export class RetentionKeeper {
  readonly #limits: RetentionLimits
  readonly #logger: Logger
  #stores: readonly Retained[] = []
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined

  constructor(limits: RetentionLimits, logger: Logger) {
    this.#limits = limits
    this.#logger = logger
  }

  /** Begins, with a first run at once. */
  start(stores: readonly Retained[]): void {
    this.#stores = stores
    this.#timer = setInterval(() => this.check(), INTERVAL_MS).unref()
    this.check()
  }

  /** Runs soon, unless a run is under way. */
  check(): void {
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
    })
  }

  /** Ends, after the run under way. */
  async stop(): Promise<void> {
    clearInterval(this.#timer)
    this.#stores = []
    await this.#running
  }

  async #run(): Promise<void> {
    try {
      for (const { store, ...dropped } of await applyRetention(this.#stores, this.#limits, Date.now())) {
        store.dropped(dropped.segment, dropped.reason)
        this.#logger.info(dropped, 'segment dropped by retention')
      }
    } catch (error) {
      this.#logger.error({ err: error }, 'retention failed, it will be tried again')
    }
  }
}
