import { z } from 'zod'
import { venueIdSchema } from './identifiers.ts'
import { pageSchema } from './pagination.ts'

/** A place where concerts are given. */
export const venueSchema = z
  .object({
    id: venueIdSchema,
    name: z.string(),
    city: z.string(),
    country: z.string().length(2).meta({ description: 'ISO 3166-1 alpha-2', example: 'DE' }),
    capacity: z.int().min(1),
  })
  .meta({ id: 'Venue' })
export type Venue = z.infer<typeof venueSchema>

export const venuePageSchema = pageSchema(venueSchema).meta({ id: 'VenuePage' })
export type VenuePage = z.infer<typeof venuePageSchema>
