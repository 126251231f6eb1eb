import { z } from 'zod'
import { CURSOR_MAX_LENGTH } from './cursor.ts'

/** Identifier of a concert, venue or seat: a UUID in its canonical lower- or upper-case spelling. */
export const idSchema = z.uuid()

export const concertIdSchema = idSchema.meta({
  description: 'Identifier of a concert',
  example: '5f0c9a52-7d3e-5b0a-9c1d-0f7c2b6f3a11',
})

export const venueIdSchema = idSchema.meta({
  description: 'Identifier of a venue',
  example: '0b3c6a7e-52d1-5c8f-8a44-7e0c7d1f9b20',
})

/** Text that somebody types. Control characters are refused: no title has one, and PostgreSQL stores no NUL. */
export function textSchema(maxLength: number) {
  return z
    .string()
    .trim()
    .min(1)
    .max(maxLength)
    .regex(/^\P{Cc}*$/u, 'must not hold control characters')
}

/** A point in time as answers spell it, RFC 3339 in UTC. */
export const timestampSchema = z.iso.datetime({ offset: true })

/** A point in time as input: RFC 3339, in the years for which every part of the system has the same calendar. */
export const instantSchema = timestampSchema.refine((value) => {
  const year = new Date(value).getUTCFullYear()
  return year >= 1970 && year < 3000
}, 'must be a time between 1970 and 3000')

/** Items on a page when the request does not say. */
export const DEFAULT_PAGE_LIMIT = 20

/** Most items on a page. */
export const MAX_PAGE_LIMIT = 100

/** A whole number in decimal digits, as query strings carry it; `Number('')` or `0x10` never get through. */
export function integerParameter(minimum: number, maximum: number) {
  return z
    .string()
    .regex(/^\d{1,9}$/, 'must be a whole number in decimal digits')
    .transform(Number)
    .pipe(z.number().min(minimum).max(maximum))
    .meta({
      // The document describes the number, not the digits that carry it.
      override: ({ jsonSchema }: { jsonSchema: { pattern?: string } }) => {
        delete jsonSchema.pattern
        Object.assign(jsonSchema, { type: 'integer', minimum, maximum })
      },
    })
}

export const limitSchema = integerParameter(1, MAX_PAGE_LIMIT)
  .default(DEFAULT_PAGE_LIMIT)
  .meta({ description: 'Most items on the page', override: { default: DEFAULT_PAGE_LIMIT } })

export const cursorSchema = z
  .string()
  .regex(/^[A-Za-z0-9_-]+$/, 'is malformed: take nextCursor of the page before, unchanged')
  .max(CURSOR_MAX_LENGTH)
  .meta({ description: 'Where the page starts: `nextCursor` of the page before; opaque' })

/** Query parameters that every list takes. */
export const pageQuerySchema = z.strictObject({ limit: limitSchema, cursor: cursorSchema.optional() })
export type PageQuery = z.output<typeof pageQuerySchema>

/** Answer of every list: a page of items and where the next one starts. */
export function pageSchema<Item extends z.ZodType>(item: Item) {
  return z.object({
    items: z.array(item),
    nextCursor: cursorSchema
      .nullable()
      .meta({ description: 'Cursor of the next page, or null on the last one' }),
  })
}

/** A page of items, as in the answers of lists. */
export interface Page<Item> {
  items: Item[]
  nextCursor: string | null
}
