import {
  type Concert,
  type ConcertPatch,
  type ConcertSearch,
  type ConcertSummary,
  cursorFormat,
  idSchema,
  instantSchema,
  type Page,
} from '@faultline/contracts'
import { Deadline } from '@faultline/service-kit'
import { z } from 'zod'
import type { CacheMetrics } from '../cache/process-cache.ts'
import { createTwoLevelCache, type SharedStore } from '../cache/shared-cache.ts'
import type {
  ConcertPosition,
  ConcertRepository,
  ConcertVersion,
  FoundConcert,
  StoredConcert,
} from '../repositories/concerts.ts'

/** There is nothing with this id. */
export class NotFoundError extends Error {
  override readonly name = 'NotFoundError'
  readonly entity: string
  readonly id: string

  constructor(entity: string, id: string) {
    super(`there is no ${entity} with the id ${id}`)
    this.entity = entity
    this.id = id
  }
}

/** What was to be changed is of another version than the caller has seen. */
export class VersionMismatchError extends Error {
  override readonly name = 'VersionMismatchError'
}

/** A representation and its entity tag. */
export interface Tagged<Value> {
  readonly value: Value
  readonly tag: string
}

/** Time that loading into a cache gets, in milliseconds; its own, as many requests share one load. */
export const LOAD_TIMEOUT_MS = 2_000

export const concertCursor = cursorFormat<ConcertPosition>('concerts', z.tuple([instantSchema, idSchema]))

/** Concerts rarely change, and when they do, every replica hears of it: the time limits only catch what was missed. */
const LIMITS = { maxEntries: 2_000, freshMs: 30_000, staleMs: 30_000 }

export interface ConcertsOptions {
  repository: Pick<ConcertRepository, 'search' | 'find' | 'update'>
  metrics: CacheMetrics
  /** The store of the level that replicas share, if there is one. */
  sharedStore: SharedStore | undefined
}

export type Concerts = ReturnType<typeof createConcerts>

export function createConcerts({ repository, metrics, sharedStore }: ConcertsOptions) {
  const cache = createTwoLevelCache<Tagged<Concert>>({
    ...LIMITS,
    name: 'concerts',
    store: sharedStore,
    metrics,
    // The id is the whole key: the answer is the same for every user, language and permission.
    async load(id) {
      const concert = await repository.find(id, Deadline.after(LOAD_TIMEOUT_MS))
      return concert && tagged(concert)
    },
  })

  /** @throws NotFoundError */
  async function get(id: string, deadline: Deadline): Promise<Tagged<Concert>> {
    const concert = await deadline.race(cache.get(id))
    if (!concert) throw new NotFoundError('concert', id)
    return concert
  }

  return {
    get,
    invalidate: cache.invalidate,
    invalidateAll: cache.clear,

    // Not cached: filters hardly repeat, and the answer counts free seats.
    async search({ cursor, limit, ...filter }: ConcertSearch, deadline: Deadline) {
      const after = cursor === undefined ? undefined : concertCursor.decode(cursor, filter)
      const rows = await repository.search(filter, { after, limit: limit + 1 }, deadline)
      return toPage(rows, limit, toSummary, (row) =>
        concertCursor.encode([row.startsAt.toISOString(), row.id], filter),
      )
    },

    /**
     * @param ifMatch entity tags of the versions that may be changed, as in the `If-Match` header
     * @throws NotFoundError
     * @throws VersionMismatchError when the concert is of none of these versions
     */
    async patch(id: string, patch: ConcertPatch, ifMatch: string, deadline: Deadline) {
      const changed = await repository.update(id, patch, versionsAllowed(ifMatch), deadline)
      // The database tells the other replicas; this one must not answer with the past even until then.
      await cache.invalidate(id)
      const concert = await get(id, deadline)
      if (!changed) throw new VersionMismatchError(`the concert is of another version: ${concert.tag}`)
      return concert
    },
  }
}

/**
 * Makes a page of rows that were asked for with one more than the page holds: the surplus row only says that there is
 * a next page.
 */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
  cursorAfter: (row: Row) => string,
): Page<Item> {
  const onPage = rows.slice(0, limit)
  const last = onPage.at(-1)
  return {
    items: onPage.map(toItem),
    nextCursor: rows.length > limit && last !== undefined ? cursorAfter(last) : null,
  }
}

/** A concert's answer shows its venue too, so the venue's version is part of its tag. */
export const concertTag = ([concert, venue]: ConcertVersion) => `"c${concert}.v${venue}"`

/**
 * Versions that an `If-Match` header allows. A tag that this service never made matches nothing, and weak tags
 * never match.
 *
 * @returns undefined for `*`: any version
 * @see https://www.rfc-editor.org/rfc/rfc9110#section-13.1.1
 */
export function versionsAllowed(ifMatch: string): ConcertVersion[] | undefined {
  if (ifMatch.trim() === '*') return undefined
  return [...ifMatch.matchAll(/(W\/)?"c(\d{1,9})\.v(\d{1,9})"/g)]
    .filter(([, weak]) => weak === undefined)
    .map(([, , concert, venue]): ConcertVersion => [Number(concert), Number(venue)])
}

/** What both representations of a concert show. */
function common({ id, title, artist, genre, startsAt, status, ...row }: FoundConcert | StoredConcert) {
  const venue = { id: row.venueId, name: row.venueName, city: row.venueCity }
  return { id, title, artist, genre, startsAt: startsAt.toISOString(), status, venue }
}

function tagged(row: StoredConcert): Tagged<Concert> {
  const value: Concert = {
    ...common(row),
    description: row.description,
    seatCount: row.seatCount,
    lowestPrice: { amount: row.lowestPrice, currency: row.currency },
    updatedAt: row.updatedAt.toISOString(),
  }
  return { value, tag: concertTag([row.version, row.venueVersion]) }
}

const toSummary = (row: FoundConcert): ConcertSummary => ({
  ...common(row),
  availableSeats: row.availableSeats,
})
