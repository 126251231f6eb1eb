import type { Venue } from '@faultline/contracts'
import type { Database, Deadline } from '@faultline/service-kit'

export interface StoredVenue extends Venue {
  version: number
}

/** Place in the list: by name, then id. */
export type VenuePosition = readonly [name: string, id: string]

const COLUMNS = 'id, name, city, country, capacity, version'

export type VenueRepository = ReturnType<typeof createVenueRepository>

export function createVenueRepository(database: Database) {
  return {
    list({ after, limit }: { after?: VenuePosition | undefined; limit: number }, deadline: Deadline) {
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

    async find(id: string, deadline: Deadline): Promise<StoredVenue | undefined> {
      const text = `SELECT ${COLUMNS} FROM venues WHERE id = $1`
      return (await database.query<StoredVenue>({ name: 'find-venue', text, values: [id] }, deadline))[0]
    },
  }
}
