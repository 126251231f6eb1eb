/** The cursors of the catalog's lists; see contracts for the format. */
import { cursorFormat, idSchema, instantSchema, type Page, textSchema } from '@faultline/contracts'
import { z } from 'zod'
import type { ConcertPosition } from '../repositories/concerts.ts'
import type { SeatPosition } from '../repositories/seats.ts'
import type { VenuePosition } from '../repositories/venues.ts'

export const concertCursor = cursorFormat<ConcertPosition>('concerts', z.tuple([instantSchema, idSchema]))
export const venueCursor = cursorFormat<VenuePosition>('venues', z.tuple([textSchema(200), idSchema]))
export const seatCursor = cursorFormat<SeatPosition>(
  'seats',
  z.tuple([textSchema(100), textSchema(20), z.int32()]),
)

/**
 * Makes a page of rows that were asked for with one more than the page holds: the surplus row only tells that
 * there is a next page.
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
