import {
  type Availability,
  type AvailabilityPage,
  cursorFormat,
  type PageQuery,
  type Seat,
  type SeatPage,
  textSchema,
} from '@faultline/contracts'
import { Deadline } from '@faultline/service-kit'
import DataLoader from 'dataloader'
import { z } from 'zod'
import { type CacheMetrics, createProcessCache } from '../cache/process-cache.ts'
import type { SeatPosition, SeatRepository, StoredSeat } from '../repositories/seats.ts'
import { type Concerts, LOAD_TIMEOUT_MS, toPage } from './concerts.ts'

export interface SeatsOptions {
  concerts: Pick<Concerts, 'get'>
  repository: SeatRepository
  metrics: CacheMetrics
}

/** Seats sell by the second: an answer is never more than two seconds old. */
const LIMITS = { maxEntries: 1_000, freshMs: 1_000, staleMs: 1_000 }

export const seatCursor = cursorFormat<SeatPosition>(
  'seats',
  z.tuple([textSchema(100), textSchema(20), z.int32()]),
)

/** The key of a page: made of the position, not of the cursor's text, so that two spellings are one entry. */
interface PageKey {
  concertId: string
  after: SeatPosition | undefined
  limit: number
}

export type Seats = ReturnType<typeof createSeats>

export function createSeats({ concerts, repository, metrics }: SeatsOptions) {
  const pages = createProcessCache<SeatPage>({
    ...LIMITS,
    name: 'seat_pages',
    metrics,
    async load(key) {
      const { concertId, after, limit } = JSON.parse(key) as PageKey
      const deadline = Deadline.after(LOAD_TIMEOUT_MS)
      const rows = await repository.list(concertId, { after, limit: limit + 1 }, deadline)
      return toPage(rows, limit, toSeat, (row) =>
        seatCursor.encode([row.section, row.row, row.number], { concertId }),
      )
    },
  })

  // Misses of one request, and of others in the same turn of the event loop, become one statement.
  const counts = new DataLoader<string, Availability | undefined>(
    async (concertIds) => {
      const rows = await repository.countAvailable(concertIds, Deadline.after(LOAD_TIMEOUT_MS))
      const byConcert = new Map(rows.map((row) => [row.concertId, row]))
      return concertIds.map((id) => byConcert.get(id))
    },
    { cache: false },
  )
  const availability = createProcessCache<Availability>({
    ...LIMITS,
    name: 'availability',
    metrics,
    load: (concertId) => counts.load(concertId),
  })

  return {
    /** @throws NotFoundError when there is no such concert */
    async list(concertId: string, { cursor, limit }: PageQuery, deadline: Deadline): Promise<SeatPage> {
      const after = cursor === undefined ? undefined : seatCursor.decode(cursor, { concertId })
      await concerts.get(concertId, deadline)
      const key: PageKey = { concertId, after, limit }
      const page = await deadline.race(pages.get(JSON.stringify(key)))
      return page ?? { items: [], nextCursor: null }
    },

    /** Availability of the concerts that exist, in the order given. */
    async availability(concertIds: readonly string[], deadline: Deadline): Promise<AvailabilityPage> {
      const distinct = [...new Set(concertIds.map((id) => id.toLowerCase()))]
      const found = await deadline.race(Promise.all(distinct.map((id) => availability.get(id))))
      return { items: found.filter((item) => item !== undefined), nextCursor: null }
    },
  }
}

const toSeat = ({ price, currency, ...seat }: StoredSeat): Seat => ({
  ...seat,
  price: { amount: price, currency },
})
