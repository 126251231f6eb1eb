import { z } from 'zod'
import { concertIdSchema, idSchema } from './identifiers.ts'
import { pageSchema } from './pagination.ts'

export const seatStatusSchema = z
  .enum(['available', 'held', 'sold'])
  .meta({ id: 'SeatStatus', description: 'held: somebody is paying for it right now' })
export type SeatStatus = z.infer<typeof seatStatusSchema>

export const seatSchema = z
  .object({
    id: idSchema,
    section: z.string(),
    row: z.string(),
    number: z.int().min(1),
    status: seatStatusSchema,
    price: z.object({ amount: z.int().min(0), currency: z.string().length(3) }),
  })
  .meta({ id: 'Seat' })
export type Seat = z.infer<typeof seatSchema>

export const seatPageSchema = pageSchema(seatSchema).meta({ id: 'SeatPage' })
export type SeatPage = z.infer<typeof seatPageSchema>

/** Most concerts that one availability query may name. */
export const MAX_AVAILABILITY_CONCERTS = 50

export const availabilityQuerySchema = z
  .strictObject({
    concertIds: z
      .array(concertIdSchema)
      .min(1)
      .max(MAX_AVAILABILITY_CONCERTS)
      .meta({ description: 'Concerts to look up; one named twice is answered once' }),
  })
  .meta({ id: 'AvailabilityQuery' })
export type AvailabilityQuery = z.infer<typeof availabilityQuerySchema>

/** How many seats of a concert can be had; up to two seconds old. */
export const availabilitySchema = z
  .object({
    concertId: concertIdSchema,
    total: z.int().min(0),
    available: z.int().min(0),
  })
  .meta({ id: 'Availability' })
export type Availability = z.infer<typeof availabilitySchema>

/** A query's answer is whole, hence `nextCursor` is always null; concerts that do not exist are left out. */
export const availabilityPageSchema = pageSchema(availabilitySchema).meta({ id: 'AvailabilityPage' })
export type AvailabilityPage = z.infer<typeof availabilityPageSchema>
