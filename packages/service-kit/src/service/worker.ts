import { Counter } from 'prom-client'
import { type Logger, type MetricsRegistry, oncePerRegistry } from '../telemetry-types.ts'

export interface WorkerOptions {
  /** Name in logs and metrics. */
  name: string
  /** Pause after a round that left nothing to do, in milliseconds. */
  intervalMs: number
  /** One round of bounded size. @returns whether there is more to do at once */
  round: () => Promise<boolean>
  logger: Pick<Logger, 'warn' | 'info'>
  register: MetricsRegistry
}

/** Work that goes on beside the requests. */
export interface Worker {
  start(): void
  /** There is something to do: the next round begins now rather than after the pause. */
  wake(): void
  /** Lets the round under way end; no further one begins. */
  stop(): Promise<void>
}

const runsOn = oncePerRegistry(
  (register) =>
    new Counter({
      name: 'background_runs_total',
      help: 'Rounds of work beside the requests, by how they ended',
      labelNames: ['worker', 'outcome'],
      registers: [register],
    }),
)

/** Repeats rounds until it is stopped. A round that fails is tried again after the pause: the next may find a way. */
export function createWorker({ name, intervalMs, round, logger, register }: WorkerOptions): Worker {
  const runs = runsOn(register)
  for (const outcome of ['success', 'failure']) runs.inc({ worker: name, outcome }, 0)
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
        runs.inc({ worker: name, outcome: 'success' })
        if (failing) logger.info({ worker: name }, 'background work goes on')
        failing = false
      } catch (error) {
        runs.inc({ worker: name, outcome: 'failure' })
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
