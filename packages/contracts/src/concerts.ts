import { z } from 'zod'
import { concertIdSchema, venueIdSchema } from './identifiers.ts'
import { cursorSchema, integerParameter, limitSchema, pageSchema } from './pagination.ts'
import { instantSchema, textSchema, timestampSchema } from './text.ts'

export const concertStatusSchema = z
  .enum(['scheduled', 'postponed', 'cancelled'])
  .meta({ id: 'ConcertStatus', description: 'Whether the concert takes place as announced' })

export const venueReferenceSchema = z
  .object({ id: venueIdSchema, name: z.string(), city: z.string() })
  .meta({ id: 'VenueReference' })

const concertFields = {
  id: concertIdSchema,
  title: z.string(),
  artist: z.string(),
  genre: z.string(),
  startsAt: timestampSchema.meta({ description: 'Start, RFC 3339', example: '2027-03-01T19:30:00.000Z' }),
  status: concertStatusSchema,
  venue: venueReferenceSchema,
}

/** A concert as a search shows it, with how many of its seats can be had right now. */
export const concertSummarySchema = z
  .object({
    ...concertFields,
    availableSeats: z.int().min(0).meta({ description: 'Seats free when the search ran' }),
  })
  .meta({ id: 'ConcertSummary' })
export type ConcertSummary = z.infer<typeof concertSummarySchema>

/** A concert in full. Availability is left out on purpose: it changes by the second and would void the ETag. */
export const concertSchema = z
  .object({
    ...concertFields,
    description: z.string(),
    seatCount: z.int().min(0).meta({ description: 'Seats on sale in all' }),
    lowestPrice: z
      .object({ amount: z.int().min(0), currency: z.string().length(3) })
      .meta({ description: 'Cheapest seat; amount in the smallest unit of the currency (ISO 4217)' }),
    updatedAt: timestampSchema,
  })
  .meta({ id: 'Concert' })
export type Concert = z.infer<typeof concertSchema>

/** Query parameters of the search. An unknown parameter is refused, so that a typing error does not widen it. */
export const concertSearchSchema = z.strictObject({
  query: textSchema(100)
    .optional()
    .meta({ description: 'Words that title, artist or genre must hold', example: 'jazz' }),
  city: textSchema(100).optional().meta({ description: 'City of the venue', example: 'Berlin' }),
  minAvailable: integerParameter(0, 100_000)
    .optional()
    .meta({ description: 'Fewest seats that must be free' }),
  limit: limitSchema,
  cursor: cursorSchema.optional(),
})
export type ConcertSearch = z.output<typeof concertSearchSchema>

export const concertPageSchema = pageSchema(concertSummarySchema).meta({ id: 'ConcertPage' })
export type ConcertPage = z.infer<typeof concertPageSchema>

/** Body of PATCH (JSON Merge Patch, RFC 7396, of the fields that may change). */
export const concertPatchSchema = z
  .strictObject({
    title: textSchema(200).optional(),
    description: textSchema(2_000).optional(),
    startsAt: instantSchema.optional(),
    status: concertStatusSchema.optional(),
  })
  .refine(
    (patch) => Object.values(patch).some((value) => value !== undefined),
    'must change at least one field',
  )
  .meta({ id: 'ConcertPatch' })
export type ConcertPatch = z.infer<typeof concertPatchSchema>
