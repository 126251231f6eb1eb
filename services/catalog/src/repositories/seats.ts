import type { Database, Deadline } from '@faultline/service-kit'

export interface StoredSeat {
  id: string
  section: string
  row: string
  number: number
  status: 'available' | 'held' | 'sold'
  price: number
  currency: string
}

/** Place in a concert's list of seats. */
export type SeatPosition = readonly [section: string, row: string, number: number]

const COLUMNS = 'id, section, row_label AS "row", number, status, price, currency'
const ORDER = 'ORDER BY section, row_label, number LIMIT $2'

const COUNT = `
  SELECT c.id AS "concertId", c.seat_count AS total, free.available
  FROM concerts c
  CROSS JOIN LATERAL (
    SELECT count(*)::int AS available FROM seats s WHERE s.concert_id = c.id AND s.status = 'available'
  ) free
  WHERE c.id = ANY($1::uuid[])`

export type SeatRepository = ReturnType<typeof createSeatRepository>

export function createSeatRepository(database: Database) {
  return {
    list(
      concertId: string,
      { after, limit }: { after?: SeatPosition | undefined; limit: number },
      deadline: Deadline,
    ) {
      const statement = after
        ? {
            name: 'list-seats-after',
            text: `SELECT ${COLUMNS} FROM seats
                   WHERE concert_id = $1 AND (section, row_label, number) > ($3, $4, $5) ${ORDER}`,
            values: [concertId, limit, ...after],
          }
        : {
            name: 'list-seats',
            text: `SELECT ${COLUMNS} FROM seats WHERE concert_id = $1 ${ORDER}`,
            values: [concertId, limit],
          }
      return database.query<StoredSeat>(statement, deadline)
    },

    /** Availability of the concerts among the given ones that exist, in one statement. */
    countAvailable: (concertIds: readonly string[], deadline: Deadline) =>
      database.query<{ concertId: string; total: number; available: number }>(
        { name: 'count-available', text: COUNT, values: [concertIds] },
        deadline,
      ),
  }
}
