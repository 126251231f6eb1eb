import { z } from 'zod'
import { moneySchema, orderRequestSchema } from './booking.ts'
import { timestampSchema } from './text.ts'

/** What the payment provider, a third party, is asked: idempotent by `reference`. */
export const providerChargeRequestSchema = z
  .strictObject({
    reference: z.string().min(1).max(100).meta({ description: "The merchant's own id of the charge" }),
    total: moneySchema,
    paymentToken: orderRequestSchema.shape.paymentToken,
  })
  .meta({ id: 'ProviderChargeRequest' })
export type ProviderChargeRequest = z.infer<typeof providerChargeRequestSchema>

export const providerChargeSchema = z
  .object({
    id: z.string(),
    reference: z.string(),
    status: z.enum(['succeeded', 'declined']),
    declineReason: z.string().nullable(),
    createdAt: timestampSchema,
  })
  .meta({ id: 'ProviderCharge' })
export type ProviderCharge = z.infer<typeof providerChargeSchema>
