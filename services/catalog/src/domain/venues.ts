import { cursorFormat, idSchema, type PageQuery, textSchema, type Venue } from '@faultline/contracts'
import { Deadline } from '@faultline/service-kit'
import { z } from 'zod'
import type { CacheMetrics } from '../cache/process-cache.ts'
import { createTwoLevelCache, type SharedStore } from '../cache/shared-cache.ts'
import type { StoredVenue, VenuePosition, VenueRepository } from '../repositories/venues.ts'
import { LOAD_TIMEOUT_MS, NotFoundError, type Tagged, toPage } from './concerts.ts'

export interface VenuesOptions {
  repository: VenueRepository
  metrics: CacheMetrics
  /** The store of the level that replicas share, if there is one. */
  sharedStore: SharedStore | undefined
}

/** No operation changes a venue; what an operator changes by hand is seen within two minutes. */
const LIMITS = { maxEntries: 500, freshMs: 60_000, staleMs: 60_000 }

const venueCursor = cursorFormat<VenuePosition>('venues', z.tuple([textSchema(200), idSchema]))

export type Venues = ReturnType<typeof createVenues>

export function createVenues({ repository, metrics, sharedStore }: VenuesOptions) {
  const venues = createTwoLevelCache<Tagged<Venue>>({
    ...LIMITS,
    name: 'venues',
    store: sharedStore,
    metrics,
    async load(id) {
      const row = await repository.find(id, Deadline.after(LOAD_TIMEOUT_MS))
      return row && { value: toVenue(row), tag: `"v${row.version}"` }
    },
  })

  return {
    async list({ cursor, limit }: PageQuery, deadline: Deadline) {
      const after = cursor === undefined ? undefined : venueCursor.decode(cursor)
      const rows = await repository.list({ after, limit: limit + 1 }, deadline)
      return toPage(rows, limit, toVenue, (row) => venueCursor.encode([row.name, row.id]))
    },

    /** @throws NotFoundError */
    async get(id: string, deadline: Deadline): Promise<Tagged<Venue>> {
      const venue = await deadline.race(venues.get(id))
      if (!venue) throw new NotFoundError('venue', id)
      return venue
    },
  }
}

const toVenue = ({ version: _, ...venue }: StoredVenue): Venue => venue
