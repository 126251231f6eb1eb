import type { PageQuery, Venue, VenuePage } from '@faultline/contracts'
import { Deadline } from '@faultline/service-kit'
import type { CacheMetrics } from '../cache/metrics.ts'
import { createProcessCache } from '../cache/process-cache.ts'
import { createSharedLevel } from '../cache/shared-level.ts'
import type { SharedStore } from '../cache/shared-store.ts'
import type { StoredVenue, VenueRepository } from '../repositories/venues.ts'
import type { Tagged } from './concerts.ts'
import { toPage, venueCursor } from './cursors.ts'
import { NotFoundError } from './errors.ts'
import { venueTag } from './versions.ts'

export interface Venues {
  list(page: PageQuery, deadline: Deadline): Promise<VenuePage>
  /** @throws NotFoundError */
  get(id: string, deadline: Deadline): Promise<Tagged<Venue>>
}

export interface VenuesOptions {
  repository: VenueRepository
  metrics: CacheMetrics
  /** The level that replicas share, where there is one. */
  sharedStore?: SharedStore | undefined
  /** Time that loading into the cache gets, in milliseconds. */
  loadTimeoutMs?: number
}

/** No operation changes a venue; what an operator changes by hand is seen within two minutes. */
export const venueCacheDefaults = { maxEntries: 500, freshMs: 60_000, staleMs: 60_000 }

export function createVenues(options: VenuesOptions): Venues {
  const { repository, metrics, sharedStore, loadTimeoutMs = 2_000 } = options
  const shared = createSharedLevel<Tagged<Venue>>({
    name: 'venues',
    store: sharedStore,
    freshMs: venueCacheDefaults.freshMs,
    metrics,
    async load(id) {
      const row = await repository.find(id, Deadline.after(loadTimeoutMs))
      return row && { value: toVenue(row), tag: venueTag(row.version) }
    },
  })
  const venues = createProcessCache<Tagged<Venue>>({
    ...venueCacheDefaults,
    name: 'venues',
    metrics,
    load: shared.load,
  })

  return {
    async list({ cursor, limit }, deadline) {
      const after = cursor === undefined ? undefined : venueCursor.decode(cursor)
      const rows = await repository.list({ after, limit: limit + 1 }, deadline)
      return toPage(rows, limit, toVenue, (row) => venueCursor.encode([row.name, row.id]))
    },

    async get(id, deadline) {
      const venue = await deadline.race(venues.get(id))
      if (!venue) throw new NotFoundError('venue', id)
      return venue
    },
  }
}

function toVenue({ id, name, city, country, capacity }: StoredVenue): Venue {
  return { id, name, city, country, capacity }
}
