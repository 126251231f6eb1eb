import { z } from 'zod'
import { moneySchema, orderRequestSchema } from './booking.ts'
import { idSchema } from './identifiers.ts'
import { timestampSchema } from './text.ts'

/** `pending`: the provider's answer is not known; it is reconciled, never charged again. */
export const chargeStatusSchema = z.enum(['pending', 'succeeded', 'declined']).meta({ id: 'ChargeStatus' })
export type ChargeStatus = z.infer<typeof chargeStatusSchema>

/** Booking asks payments to charge for an order: once an order, however often it is asked. */
export const chargeRequestSchema = z
  .strictObject({
    orderId: idSchema,
    total: moneySchema,
    paymentToken: orderRequestSchema.shape.paymentToken,
  })
  .meta({ id: 'ChargeRequest' })
export type ChargeRequest = z.infer<typeof chargeRequestSchema>

export const chargeSchema = z
  .object({
    id: idSchema,
    orderId: idSchema,
    status: chargeStatusSchema,
    total: moneySchema,
    declineReason: z
      .string()
      .nullable()
      .meta({ description: 'Why it was declined', example: 'insufficient_funds' }),
    createdAt: timestampSchema,
  })
  .meta({ id: 'Charge' })
export type Charge = z.infer<typeof chargeSchema>

/** Tokens by which booking, in its own name, asks payments to charge: so that it can when no user is there any more. */
export const CHARGE_TOKEN_ISSUER = 'urn:faultline:booking'
export const CHARGE_TOKEN_AUDIENCE = 'payments'
export const CHARGE_TOKEN_SCOPE = 'charges:write'
