import { z } from 'zod'
import { moneySchema, orderRequestSchema } from './booking.ts'
import { timestampSchema } from './text.ts'

/** The merchant's own id of a charge; no control characters, so that it can stand in any log line. */
const referenceSchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,100}$/, 'must be 1 to 100 visible ASCII characters')
  .meta({ description: "The merchant's own id of the charge" })

/** What the payment provider, a third party, is asked: idempotent by `reference`. */
export const providerChargeRequestSchema = z
  .strictObject({
    reference: referenceSchema,
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

export const providerChargeQuerySchema = z.strictObject({ reference: referenceSchema })

export const providerChargeListSchema = z
  .object({ items: z.array(providerChargeSchema).max(1) })
  .meta({ id: 'ProviderChargeList' })
