import { Deadline, type Logger, type MetricsRegistry } from '@faultline/service-kit'
import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleAll } from 'cockatiel'
import { Counter } from 'prom-client'
import type { ConcertRepository, FoundConcert } from '../repositories/concerts.ts'

type FreeSeats = ReadonlyMap<string, number>

export interface FreeSeatSnapshotOptions {
  /** Counts the free seats of every concert that has any. */
  count: (deadline: Deadline) => Promise<FreeSeats>
  logger: Pick<Logger, 'warn'>
  /** How often it is made again, in milliseconds: how old its counts become at most while the database answers. */
  refreshMs?: number
}

/** Time that a count of all seats gets, in milliseconds. */
const COUNT_TIMEOUT_MS = 5_000

/**
 * Free seats of all concerts as they were a while ago: one scan for everybody, instead of one for each concert asked
 * for. The first one is made when it is first asked for, or after the first period.
 */
export function createFreeSeatSnapshot({ count, logger, refreshMs = 30_000 }: FreeSeatSnapshotOptions) {
  let latest: FreeSeats | undefined
  let loading: Promise<FreeSeats> | undefined

  function load(): Promise<FreeSeats> {
    loading ??= count(Deadline.after(COUNT_TIMEOUT_MS))
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
    load().catch((error: unknown) => logger.warn({ err: error }, 'free seats could not be counted again'))
  }, refreshMs)
  timer.unref()

  return {
    /** The latest counts; waits only for the very first ones. */
    get: async (deadline: Deadline): Promise<FreeSeats> => latest ?? deadline.race(load()),
    stop: () => clearInterval(timer),
  }
}

type Search = ConcertRepository['search']

export interface ProtectedSearchOptions {
  /** Counts exactly, however long it takes. */
  unprotected: Search
  /** Counts exactly within {@link quickSearchLimits}. */
  quick: Search
  uncounted: ConcertRepository['searchUncounted']
  snapshot: Pick<ReturnType<typeof createFreeSeatSnapshot>, 'get'>
  /** Off, only the unprotected search is used. */
  enabled: () => boolean
  register: MetricsRegistry
  logger: Pick<Logger, 'info' | 'warn'>
  /** How long no exact count is tried after one that was too slow, in milliseconds. */
  pauseMs?: number
}

/**
 * What the exact search gets, in connections of its own: with these the answer stays within the 250 ms of the objective
 * even when it fails and the snapshot has to answer.
 */
export const quickSearchLimits = { maxConnections: 4, acquireTimeoutMs: 50, statementTimeoutMs: 150 }

/**
 * The search that stays up when counting becomes slow (an index is gone, statistics mislead the planner, the disk is
 * busy): it then answers with counts from a snapshot, and tries the exact way again after a pause.
 */
export function createProtectedSearch(options: ProtectedSearchOptions): Search {
  const { unprotected, quick, uncounted, snapshot, enabled, register, logger, pauseMs = 10_000 } = options
  const breaker = circuitBreaker(handleAll, {
    halfOpenAfter: pauseMs,
    breaker: new ConsecutiveBreaker(1),
  })
  breaker.onStateChange((state) => {
    if (state === CircuitState.Open)
      logger.warn('counting free seats is slow: search answers from a snapshot')
    if (state === CircuitState.Closed) logger.info('search counts free seats exactly again')
  })
  const searches = new Counter({
    name: 'box_office_concert_searches_total',
    help: 'Searches of concerts by where the numbers of free seats came from',
    labelNames: ['counts'],
    registers: [register],
  })
  for (const counts of ['exact', 'snapshot']) searches.inc({ counts }, 0)

  return async (filter, page, deadline) => {
    if (!enabled()) {
      const found = await unprotected(filter, page, deadline)
      searches.inc({ counts: 'exact' })
      return found
    }
    try {
      const found = await breaker.execute(() => quick(filter, page, deadline))
      searches.inc({ counts: 'exact' })
      return found
    } catch {
      // Whatever was wrong, the snapshot may still answer; if it cannot, its error is the caller's.
      const counts = await snapshot.get(deadline)
      const tooFew = filter.minAvailable === undefined ? [] : scarce(counts, filter.minAvailable)
      const found = await uncounted(filter, page, tooFew, deadline)
      searches.inc({ counts: 'snapshot' })
      return found.map(
        (concert): FoundConcert => ({ ...concert, availableSeats: counts.get(concert.id) ?? 0 }),
      )
    }
  }
}

/** Concerts with fewer free seats than wanted. */
function scarce(counts: FreeSeats, wanted: number): string[] {
  return [...counts].filter(([, free]) => free < wanted).map(([id]) => id)
}
