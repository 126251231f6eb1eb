import type { Logger, MetricsRegistry } from '@faultline/service-kit'
import { CircuitState, ConsecutiveBreaker, circuitBreaker, handleAll } from 'cockatiel'
import { Counter } from 'prom-client'
import type { ConcertRepository, FoundConcert } from '../repositories/concerts.ts'
import type { FreeSeatSnapshot } from './free-seat-snapshot.ts'

type Search = ConcertRepository['search']

export interface ProtectedSearchOptions {
  /** Counts exactly, however long it takes. */
  unprotected: Search
  /** Counts exactly in places and time of its own, see {@link quickSearchDefaults}. */
  quick: Search
  uncounted: ConcertRepository['searchUncounted']
  snapshot: FreeSeatSnapshot
  /** Off, only the unprotected search is used. */
  enabled: () => boolean
  register: MetricsRegistry
  logger: Logger
  /** After a count that was too slow, so long none is tried, in milliseconds. */
  pauseMs?: number
}

/**
 * What the exact search gets: with both the answer stays within the 250 ms of the objective even when it fails and the
 * snapshot has to answer.
 */
export const quickSearchDefaults = { maxConnections: 4, acquireTimeoutMs: 50, statementTimeoutMs: 150 }

export const searchDefaults = { pauseMs: 10_000 }

/**
 * The search that stays up when counting becomes slow (an index is gone, statistics mislead the planner, the disk is
 * busy): it then answers with counts from a snapshot, and tries the exact way again after a pause.
 */
export function createProtectedSearch(options: ProtectedSearchOptions): Search {
  const { unprotected, quick, uncounted, snapshot, enabled, register, logger } = options
  const breaker = circuitBreaker(handleAll, {
    halfOpenAfter: options.pauseMs ?? searchDefaults.pauseMs,
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
function scarce(counts: ReadonlyMap<string, number>, wanted: number): string[] {
  return [...counts].filter(([, free]) => free < wanted).map(([id]) => id)
}
