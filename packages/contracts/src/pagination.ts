import { z } from 'zod'
import { CURSOR_MAX_LENGTH } from './cursor.ts'

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
