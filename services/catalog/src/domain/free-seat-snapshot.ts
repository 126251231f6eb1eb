import { Deadline, type Logger } from '@faultline/service-kit'

export interface FreeSeatSnapshotOptions {
  /** Counts the free seats of every concert that has any. */
  count: (deadline: Deadline) => Promise<ReadonlyMap<string, number>>
  logger: Logger
  /** How often it is made anew, in milliseconds: so old its counts become, at most, while the database answers. */
  refreshMs?: number
  /** Time that a count gets, in milliseconds. */
  timeoutMs?: number
}

export const snapshotDefaults = { refreshMs: 30_000, timeoutMs: 5_000 }

/** Free seats of all concerts as they were a while ago: one scan for everybody, instead of one for each concert asked for. */
export interface FreeSeatSnapshot {
  /** The latest counts; waits only for the very first ones. */
  get(deadline: Deadline): Promise<ReadonlyMap<string, number>>
  stop(): void
}

/** The first one is made when it is first asked for, or after the first period. */
export function createFreeSeatSnapshot(options: FreeSeatSnapshotOptions): FreeSeatSnapshot {
  const { count, logger, refreshMs, timeoutMs } = { ...snapshotDefaults, ...options }
  let latest: ReadonlyMap<string, number> | undefined
  let loading: Promise<ReadonlyMap<string, number>> | undefined

  function load(): Promise<ReadonlyMap<string, number>> {
    loading ??= count(Deadline.after(timeoutMs))
      .then((counts) => {
        latest = counts
        return counts
      })
      .finally(() => {
        loading = undefined
      })
    return loading
  }

  const timer = setInterval(() => {
    load().catch((error: unknown) => logger.warn({ err: error }, 'free seats could not be counted anew'))
  }, refreshMs)
  timer.unref()

  return {
    get: (deadline) => (latest === undefined ? deadline.race(load()) : Promise.resolve(latest)),
    stop: () => clearInterval(timer),
  }
}
