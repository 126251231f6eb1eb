import type { Logger } from '@faultline/service-kit'
import type { BookingMetrics, WorkerName } from './metrics.ts'

export interface WorkerOptions {
  name: WorkerName
  /** Pause after a round that left nothing to do, in milliseconds. */
  intervalMs: number
  /** One round of bounded size. @returns whether there is more to do at once */
  round: () => Promise<boolean>
  logger: Pick<Logger, 'warn' | 'info'>
  metrics: Pick<BookingMetrics, 'workerRuns'>
}

/** Work that goes on beside the requests. */
export interface Worker {
  start(): void
  /** There is something to do: the next round begins now rather than after the pause. */
  wake(): void
  /** Lets the round under way end; no further one begins. */
  stop(): Promise<void>
}

/** Repeats rounds for ever. A round that fails is tried again after the pause: the next one may find a way. */
export function createWorker({ name, intervalMs, round, logger, metrics }: WorkerOptions): Worker {
  let running: Promise<void> | undefined
  let stopped = false
  let woken = false
  let endPause: (() => void) | undefined

  async function pause(): Promise<void> {
    if (woken || stopped) return
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, intervalMs)
      endPause = () => {
        clearTimeout(timer)
        resolve()
      }
    })
    endPause = undefined
  }

  async function run(): Promise<void> {
    let failing = false
    while (!stopped) {
      woken = false
      let more = false
      try {
        more = await round()
        metrics.workerRuns.inc({ worker: name, outcome: 'success' })
        if (failing) logger.info({ worker: name }, 'background work goes on')
        failing = false
      } catch (error) {
        metrics.workerRuns.inc({ worker: name, outcome: 'failure' })
        // A database that is away would fill the log with the same line.
        if (!failing) logger.warn({ err: error, worker: name }, 'background work failed; trying again')
        failing = true
      }
      if (!more) await pause()
    }
  }

  return {
    start() {
      running ??= run()
    },
    wake() {
      woken = true
      endPause?.()
    },
    async stop() {
      stopped = true
      endPause?.()
      await running
    },
  }
}
