import type { Logger } from 'pino'
import { applyRetention, type RetentionLimits } from './segments/retention.ts'
import type { SegmentLog } from './segments/segment-log.ts'

/** How often ages are looked at; sizes also when a segment is begun. */
const INTERVAL_MS = 15_000

/** A store that retention may take segments from. */
export interface Retained {
  readonly log: SegmentLog
  dropped(segment: number, reason: 'age' | 'size'): void
}

/** Applies retention to all logs together, from time to time and when asked, one run at a time. */
export class RetentionKeeper {
  readonly #limits: RetentionLimits
  readonly #logger: Logger
  readonly #stores: Retained[] = []
  #timer: NodeJS.Timeout | undefined
  #running: Promise<void> | undefined

  constructor(limits: RetentionLimits, logger: Logger) {
    this.#limits = limits
    this.#logger = logger
  }

  /** Begins, with a first run at once. */
  start(stores: readonly Retained[]): void {
    this.#stores.push(...stores)
    this.#timer = setInterval(() => this.check(), INTERVAL_MS)
    this.#timer.unref()
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
    this.#stores.length = 0
    await this.#running
  }

  async #run(): Promise<void> {
    try {
      const logs = this.#stores.map((store) => store.log)
      for (const { log, segment, bytes, reason } of await applyRetention(logs, this.#limits, Date.now())) {
        this.#stores.find((store) => store.log === log)?.dropped(segment, reason)
        this.#logger.info({ segment, bytes, reason }, 'segment dropped by retention')
      }
    } catch (error) {
      this.#logger.error({ err: error }, 'retention failed, it will be tried again')
    }
  }
}
