import { z } from 'zod'
import { concertIdSchema, idSchema } from './identifiers.ts'
import { pageSchema } from './pagination.ts'
import { timestampSchema } from './text.ts'

/** An amount in the smallest unit of its currency (ISO 4217). */
export const moneySchema = z
  .object({
    amount: z.int().min(0),
    currency: z.string().regex(/^[A-Z]{3}$/, 'must be three capital letters'),
  })
  .meta({ id: 'Money' })
export type Money = z.infer<typeof moneySchema>

/** Most seats of one reservation. */
export const MAX_SEATS = 8

/** Header that makes a POST safe to repeat: same key and body, same answer; same key, other body, 422. */
export const IDEMPOTENCY_KEY_HEADER = 'idempotency-key'
const IDEMPOTENCY_KEY_RULE = 'must be 8 to 128 letters, digits, _ or -'
export const idempotencyKeySchema = z
  .string(IDEMPOTENCY_KEY_RULE)
  .regex(/^[A-Za-z0-9_-]{8,128}$/, IDEMPOTENCY_KEY_RULE)
  .meta({
    description: 'Chosen by the client, one a purpose: a UUID, say',
    example: 'f2b1c1de-7f0a-4a57-9f0c-1f3c1b6c0f55',
  })

/**
 * `held`: the seats are kept until `expiresAt`; `ordered`: an order pays or has paid for them; `released`: given back
 * by the visitor; `expired`: given back by time; `declined`: given back as the payment was declined.
 */
export const reservationStatusSchema = z
  .enum(['held', 'ordered', 'released', 'expired', 'declined'])
  .meta({ id: 'ReservationStatus' })
export type ReservationStatus = z.infer<typeof reservationStatusSchema>

export const reservationRequestSchema = z
  .strictObject({
    concertId: concertIdSchema,
    seatIds: z
      .array(idSchema)
      .min(1)
      .max(MAX_SEATS)
      .refine((ids) => new Set(ids).size === ids.length, 'must not name a seat twice'),
  })
  .meta({ id: 'ReservationRequest' })
export type ReservationRequest = z.infer<typeof reservationRequestSchema>

export const reservationSchema = z
  .object({
    id: idSchema,
    concertId: concertIdSchema,
    seatIds: z.array(idSchema),
    status: reservationStatusSchema,
    total: moneySchema,
    createdAt: timestampSchema,
    expiresAt: timestampSchema,
  })
  .meta({ id: 'Reservation' })
export type Reservation = z.infer<typeof reservationSchema>

/**
 * `pending`: paid or not is not known yet, ask again; `confirmed`: paid, the tickets are on their way; `declined`: not
 * paid, the seats are free again.
 */
export const orderStatusSchema = z.enum(['pending', 'confirmed', 'declined']).meta({ id: 'OrderStatus' })
export type OrderStatus = z.infer<typeof orderStatusSchema>

export const orderRequestSchema = z
  .strictObject({
    reservationId: idSchema,
    /** Stands for a card that the payment provider knows; card numbers never reach the box office. */
    paymentToken: z.string().regex(/^tok_[A-Za-z0-9_]{1,60}$/, 'must be a token of the payment provider'),
  })
  .meta({ id: 'OrderRequest' })
export type OrderRequest = z.infer<typeof orderRequestSchema>

export const orderSchema = z
  .object({
    id: idSchema,
    reservationId: idSchema,
    concertId: concertIdSchema,
    seatIds: z.array(idSchema),
    status: orderStatusSchema,
    total: moneySchema,
    createdAt: timestampSchema,
    confirmedAt: timestampSchema.nullable(),
  })
  .meta({ id: 'Order' })
export type Order = z.infer<typeof orderSchema>

export const orderPageSchema = pageSchema(orderSchema).meta({ id: 'OrderPage' })
export type OrderPage = z.infer<typeof orderPageSchema>
