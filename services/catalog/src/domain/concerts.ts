import type { Concert, ConcertPage, ConcertPatch, ConcertSearch, ConcertSummary } from '@faultline/contracts'
import { Deadline } from '@faultline/service-kit'
import type { CacheMetrics } from '../cache/metrics.ts'
import { createProcessCache } from '../cache/process-cache.ts'
import { createSharedLevel } from '../cache/shared-level.ts'
import type { SharedStore } from '../cache/shared-store.ts'
import type { ConcertRepository, FoundConcert, StoredConcert } from '../repositories/concerts.ts'
import { concertCursor, toPage } from './cursors.ts'
import { NotFoundError, VersionMismatchError } from './errors.ts'
import { concertTag, versionsAllowed } from './versions.ts'

/** A representation and its entity tag. */
export interface Tagged<Value> {
  readonly value: Value
  readonly tag: string
}

export interface Concerts {
  search(search: ConcertSearch, deadline: Deadline): Promise<ConcertPage>
  /** @throws NotFoundError */
  get(id: string, deadline: Deadline): Promise<Tagged<Concert>>
  /**
   * @param ifMatch entity tags of the versions that may be changed, as in the `If-Match` header
   * @throws NotFoundError
   * @throws VersionMismatchError when the concert is of none of these versions
   */
  patch(id: string, patch: ConcertPatch, ifMatch: string, deadline: Deadline): Promise<Tagged<Concert>>
  /** Forgets what is known of a concert, as it has changed. Never rejects. */
  invalidate(id: string): Promise<void>
  /** Forgets what is known of every concert, as any may have changed. Never rejects. */
  invalidateAll(): Promise<void>
}

export interface ConcertsOptions {
  repository: ConcertRepository
  metrics: CacheMetrics
  /** The level that replicas share, where there is one. */
  sharedStore?: SharedStore | undefined
  /** Time that loading into the cache gets, in milliseconds; its own, as many requests share one load. */
  loadTimeoutMs?: number
}

/** Concerts rarely change, and when they do, every replica is told: the time limits only catch what was missed. */
export const concertCacheDefaults = { maxEntries: 2_000, freshMs: 30_000, staleMs: 30_000 }

export function createConcerts(options: ConcertsOptions): Concerts {
  const { repository, metrics, sharedStore, loadTimeoutMs = 2_000 } = options
  const shared = createSharedLevel<Tagged<Concert>>({
    name: 'concerts',
    store: sharedStore,
    freshMs: concertCacheDefaults.freshMs,
    metrics,
    // The id is the whole key: the answer is the same for every user, language and permission.
    async load(id) {
      const concert = await repository.find(id, Deadline.after(loadTimeoutMs))
      return concert && tagged(concert)
    },
  })
  const cache = createProcessCache<Tagged<Concert>>({
    ...concertCacheDefaults,
    name: 'concerts',
    metrics,
    load: shared.load,
  })

  async function invalidate(id: string): Promise<void> {
    // The far level first: whoever asks after this must not be answered from it.
    await shared.invalidate(id)
    cache.invalidate(id)
  }

  async function get(id: string, deadline: Deadline): Promise<Tagged<Concert>> {
    const concert = await deadline.race(cache.get(id))
    if (!concert) throw new NotFoundError('concert', id)
    return concert
  }

  return {
    get,

    // Not cached: filters hardly repeat, and the answer counts free seats.
    async search({ cursor, limit, ...filter }, deadline) {
      const after = cursor === undefined ? undefined : concertCursor.decode(cursor, filter)
      const rows = await repository.search(filter, { after, limit: limit + 1 }, deadline)
      return toPage(rows, limit, toSummary, (row) =>
        concertCursor.encode([row.startsAt.toISOString(), row.id], filter),
      )
    },

    async patch(id, patch, ifMatch, deadline) {
      const changed = await repository.update(id, patch, versionsAllowed(ifMatch), deadline)
      // The other replicas are told by the database; this one must not answer with the past even until then.
      await invalidate(id)
      const concert = await get(id, deadline)
      if (!changed) throw new VersionMismatchError(`the concert is of another version: ${concert.tag}`)
      return concert
    },

    invalidate,
    async invalidateAll() {
      await shared.clear()
      cache.clear()
    },
  }
}

function tagged(row: StoredConcert): Tagged<Concert> {
  const value: Concert = {
    id: row.id,
    title: row.title,
    artist: row.artist,
    genre: row.genre,
    description: row.description,
    startsAt: row.startsAt.toISOString(),
    status: row.status,
    venue: { id: row.venueId, name: row.venueName, city: row.venueCity },
    seatCount: row.seatCount,
    lowestPrice: { amount: row.lowestPrice, currency: row.currency },
    updatedAt: row.updatedAt.toISOString(),
  }
  return { value, tag: concertTag([row.version, row.venueVersion]) }
}

function toSummary(row: FoundConcert): ConcertSummary {
  return {
    id: row.id,
    title: row.title,
    artist: row.artist,
    genre: row.genre,
    startsAt: row.startsAt.toISOString(),
    status: row.status,
    venue: { id: row.venueId, name: row.venueName, city: row.venueCity },
    availableSeats: row.availableSeats,
  }
}
