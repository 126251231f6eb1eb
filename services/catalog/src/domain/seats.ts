import type { Availability, AvailabilityPage, PageQuery, Seat, SeatPage } from '@faultline/contracts'
import { Deadline } from '@faultline/service-kit'
import DataLoader from 'dataloader'
import type { CacheMetrics } from '../cache/metrics.ts'
import { createProcessCache } from '../cache/process-cache.ts'
import type { SeatPosition, SeatRepository, StoredSeat } from '../repositories/seats.ts'
import type { Concerts } from './concerts.ts'
import { seatCursor, toPage } from './cursors.ts'

export interface Seats {
  /** @throws NotFoundError when there is no such concert */
  list(concertId: string, page: PageQuery, deadline: Deadline): Promise<SeatPage>
  /** Availability of the concerts that exist, in the order given. */
  availability(concertIds: readonly string[], deadline: Deadline): Promise<AvailabilityPage>
}

export interface SeatsOptions {
  concerts: Pick<Concerts, 'get'>
  repository: SeatRepository
  metrics: CacheMetrics
  /** Time that loading into the cache gets, in milliseconds. */
  loadTimeoutMs?: number
}

/** Seats sell by the second: an answer is never more than two seconds old. */
export const seatCacheDefaults = { maxEntries: 1_000, freshMs: 1_000, staleMs: 1_000 }

export function createSeats(options: SeatsOptions): Seats {
  const { concerts, repository, metrics, loadTimeoutMs = 2_000 } = options

  const pages = createProcessCache<SeatPage>({
    ...seatCacheDefaults,
    name: 'seat_pages',
    metrics,
    // The key is all that the page depends on; see pageKey.
    async load(key) {
      const { concertId, after, limit } = JSON.parse(key) as PageKey
      const rows = await repository.list(
        concertId,
        { after, limit: limit + 1 },
        Deadline.after(loadTimeoutMs),
      )
      return toPage(rows, limit, toSeat, (row) =>
        seatCursor.encode([row.section, row.row, row.number], { concertId }),
      )
    },
  })

  // Misses of one request, and of others in the same turn of the event loop, become one statement.
  const counts = new DataLoader<string, Availability | undefined>(
    async (concertIds) => {
      const rows = await repository.countAvailable(concertIds, Deadline.after(loadTimeoutMs))
      const byConcert = new Map(rows.map((row) => [row.concertId, row]))
      return concertIds.map((id) => byConcert.get(id))
    },
    { cache: false },
  )
  const availability = createProcessCache<Availability>({
    ...seatCacheDefaults,
    name: 'availability',
    metrics,
    load: (concertId) => counts.load(concertId),
  })

  return {
    async list(concertId, { cursor, limit }, deadline) {
      const after = cursor === undefined ? undefined : seatCursor.decode(cursor, { concertId })
      await concerts.get(concertId, deadline)
      const page = await deadline.race(pages.get(pageKey({ concertId, after, limit })))
      return page ?? { items: [], nextCursor: null }
    },

    async availability(concertIds, deadline) {
      const distinct = [...new Set(concertIds.map((id) => id.toLowerCase()))]
      const found = await deadline.race(Promise.all(distinct.map((id) => availability.get(id))))
      return { items: found.filter((item) => item !== undefined), nextCursor: null }
    },
  }
}

interface PageKey {
  concertId: string
  after: SeatPosition | undefined
  limit: number
}

/** Made of the position, not of the cursor's text: two spellings of a position are one entry. */
function pageKey({ concertId, after, limit }: PageKey): string {
  return JSON.stringify({ concertId, after, limit })
}

function toSeat({ id, section, row, number, status, price, currency }: StoredSeat): Seat {
  return { id, section, row, number, status, price: { amount: price, currency } }
}
