import type { Database, Deadline } from '@faultline/service-kit'

export interface StoredVenue {
  id: string
  name: string
  city: string
  country: string
  capacity: number
  version: number
}

/** Place in the list: by name, then id. */
export type VenuePosition = readonly [name: string, id: string]

export interface VenueRepository {
  list(page: { after?: VenuePosition | undefined; limit: number }, deadline: Deadline): Promise<StoredVenue[]>
  find(id: string, deadline: Deadline): Promise<StoredVenue | undefined>
}

const COLUMNS = 'id, name, city, country, capacity, version'

export function createVenueRepository(database: Database): VenueRepository {
  return {
    list({ after, limit }, deadline) {
      const statement = after
        ? {
            name: 'list-venues-after',
            text: `SELECT ${COLUMNS} FROM venues WHERE (name, id) > ($2, $3) ORDER BY name, id LIMIT $1`,
            values: [limit, ...after],
          }
        : {
            name: 'list-venues',
            text: `SELECT ${COLUMNS} FROM venues ORDER BY name, id LIMIT $1`,
            values: [limit],
          }
      return database.query<StoredVenue>(statement, deadline)
    },

    async find(id, deadline) {
      const [venue] = await database.query<StoredVenue>(
        { name: 'find-venue', text: `SELECT ${COLUMNS} FROM venues WHERE id = $1`, values: [id] },
        deadline,
      )
      return venue
    },
  }
}
