import type { ConcertPatch, ConcertSearch } from '@faultline/contracts'
import type { Database, Deadline, Statement } from '@faultline/service-kit'

/** A concert as stored, with its venue. */
export interface StoredConcert {
  id: string
  title: string
  artist: string
  genre: string
  description: string
  startsAt: Date
  status: 'scheduled' | 'postponed' | 'cancelled'
  seatCount: number
  lowestPrice: number
  currency: string
  version: number
  updatedAt: Date
  venueId: string
  venueName: string
  venueCity: string
  venueVersion: number
}

export type FoundConcert = Omit<
  StoredConcert,
  'description' | 'seatCount' | 'lowestPrice' | 'currency' | 'version' | 'updatedAt' | 'venueVersion'
> & { availableSeats: number }

export type ConcertFilter = Omit<ConcertSearch, 'cursor' | 'limit'>

/** Place in the order of the search: by start, then id. */
export type ConcertPosition = readonly [startsAt: string, id: string]

export interface ConcertPageRequest {
  after?: ConcertPosition | undefined
  limit: number
}

/** Versions of a concert and of its venue that a representation shows. */
export type ConcertVersion = readonly [concert: number, venue: number]

const FIND = `
  SELECT c.id, c.title, c.artist, c.genre, c.description, c.starts_at AS "startsAt", c.status,
         c.seat_count AS "seatCount", c.lowest_price AS "lowestPrice", c.currency, c.version,
         c.updated_at AS "updatedAt", c.venue_id AS "venueId", v.name AS "venueName", v.city AS "venueCity",
         v.version AS "venueVersion"
  FROM concerts c JOIN venues v ON v.id = c.venue_id
  WHERE c.id = $1`

// A null leaves the column as it is; none of them may be null in the table.
const UPDATE = `
  UPDATE concerts AS c
  SET title = coalesce($2, c.title), description = coalesce($3, c.description),
      starts_at = coalesce($4, c.starts_at), status = coalesce($5, c.status)
  FROM venues v
  WHERE c.id = $1 AND v.id = c.venue_id
    AND ($6::int[] IS NULL OR (c.version, v.version) IN (SELECT * FROM unnest($6::int[], $7::int[])))
  RETURNING c.id`

const COUNT_FREE_SEATS = `
  SELECT concert_id AS id, count(*)::int AS free FROM seats WHERE status = 'available' GROUP BY concert_id`

export type ConcertRepository = ReturnType<typeof createConcertRepository>

export function createConcertRepository(database: Database) {
  return {
    search: (filter: ConcertFilter, page: ConcertPageRequest, deadline: Deadline) =>
      database.query<FoundConcert>(searchStatement(filter, page), deadline),

    /**
     * The search without counting, which needs no look at the seats: `availableSeats` is 0, `minAvailable` is not heeded.
     *
     * @param without ids of concerts that are left out
     */
    searchUncounted: (
      filter: ConcertFilter,
      page: ConcertPageRequest,
      without: readonly string[],
      deadline: Deadline,
    ) => database.query<FoundConcert>(searchStatement(filter, page, without), deadline),

    /** Free seats of every concert that has any, by one scan of all seats. */
    async countFreeSeats(deadline: Deadline): Promise<ReadonlyMap<string, number>> {
      const statement = { name: 'count-free-seats', text: COUNT_FREE_SEATS, values: [] }
      const rows = await database.query<{ id: string; free: number }>(statement, deadline)
      return new Map(rows.map(({ id, free }) => [id, free]))
    },

    async find(id: string, deadline: Deadline): Promise<StoredConcert | undefined> {
      const statement = { name: 'find-concert', text: FIND, values: [id] }
      return (await database.query<StoredConcert>(statement, deadline))[0]
    },

    /**
     * Changes a concert that is of one of the given versions; any, when none are given.
     *
     * @returns whether there was one
     */
    async update(
      id: string,
      { title, description, startsAt, status }: ConcertPatch,
      versions: readonly ConcertVersion[] | undefined,
      deadline: Deadline,
    ): Promise<boolean> {
      const ofConcert = versions?.map(([concert]) => concert) ?? null
      const ofVenue = versions?.map(([, venue]) => venue) ?? null
      const values = [id, title, description, startsAt, status, ofConcert, ofVenue]
      const rows = await database.query({ name: 'update-concert', text: UPDATE, values }, deadline)
      return rows.length > 0
    },
  }
}

/**
 * The search. Free seats are counted per concert in the order of the answer until the page is full, each count
 * by an index-only scan of `seats_concert_place_idx`; without that index every count reads all seats.
 * Only the conditions that are asked for are in the text. The statement has no name, so that it is planned for its
 * values: a kept plan does not know how few concerts a word leaves, and counts for all of them (4 ms become 40).
 *
 * @param without ids of concerts that are left out; when given, nothing is counted
 */
export function searchStatement(
  filter: ConcertFilter,
  { after, limit }: ConcertPageRequest,
  without?: readonly string[],
): Statement {
  const values: unknown[] = [limit]
  const conditions: string[] = []
  const where = (condition: (...parameters: string[]) => string, ...given: readonly unknown[]) => {
    conditions.push(condition(...given.map((value) => `$${values.push(value)}`)))
  }
  if (after) where((at, id) => `(c.starts_at, c.id) > (${at}, ${id})`, ...after)
  if (filter.query !== undefined) {
    where((words) => `c.words @@ websearch_to_tsquery('simple', ${words})`, filter.query)
  }
  if (filter.city !== undefined) where((city) => `v.city = ${city}`, filter.city)
  if (without === undefined && filter.minAvailable !== undefined) {
    where((seats) => `free.available >= ${seats}`, filter.minAvailable)
  }
  if (without !== undefined && without.length > 0) where((ids) => `c.id <> ALL(${ids}::uuid[])`, without)

  const count = `
    CROSS JOIN LATERAL (
      SELECT count(*)::int AS available FROM seats s WHERE s.concert_id = c.id AND s.status = 'available'
    ) free`
  const text = `
    SELECT c.id, c.title, c.artist, c.genre, c.starts_at AS "startsAt", c.status, c.venue_id AS "venueId",
           v.name AS "venueName", v.city AS "venueCity", ${without ? '0' : 'free.available'} AS "availableSeats"
    FROM concerts c
    JOIN venues v ON v.id = c.venue_id
    ${without ? '' : count}
    ${conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''}
    ORDER BY c.starts_at, c.id
    LIMIT $1`
  return { text, values }
}
