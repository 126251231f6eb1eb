import { z } from 'zod'
import type { ZodOpenApiPathsObject } from 'zod-openapi'
import { moneySchema, orderRequestSchema } from './booking.ts'
import { bodyProblems, json, jsonBody, problem } from './responses.ts'
import { timestampSchema } from './values.ts'

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

/** The payment provider's operations as OpenAPI path items. */

const apiKey = [{ apiKey: [] as string[] }]

const problems = {
  400: problem('The input is wrong; `errors` says where'),
  401: problem('The API key is missing or wrong'),
  500: problem('The provider failed; the charge may have been made all the same'),
  503: problem('Too many requests wait already; nothing was charged'),
}

export const providerSecuritySchemes = {
  apiKey: { type: 'http', scheme: 'bearer', description: "The merchant's API key" },
} as const

export const providerOperations = {
  '/v1/charges': {
    post: {
      operationId: 'createProviderCharge',
      summary: 'Charge: once a reference, however often it is asked',
      security: apiKey,
      requestBody: jsonBody(providerChargeRequestSchema),
      responses: {
        200: json('The charge that was made for this reference before', providerChargeSchema),
        201: json('Charged or declined, as `status` says', providerChargeSchema),
        409: problem('There is a charge with this reference already, of another amount or another token'),
        ...bodyProblems,
        ...problems,
      },
    },
    get: {
      operationId: 'findProviderCharges',
      summary: 'The charge with a reference, if there is one',
      security: apiKey,
      requestParams: { query: providerChargeQuerySchema },
      responses: { 200: json('One charge or none', providerChargeListSchema), ...problems },
    },
  },
} satisfies ZodOpenApiPathsObject
