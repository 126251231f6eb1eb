import { z } from 'zod'
import type { ZodOpenApiPathsObject } from 'zod-openapi'
import { IDEMPOTENCY_KEY_HEADER, moneySchema, orderRequestSchema } from './booking.ts'
import {
  bearer,
  bodyProblems,
  json,
  jsonBody,
  problem,
  retryAfterHeader,
  tokenProblems,
} from './responses.ts'
import { idSchema, timestampSchema } from './values.ts'

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

/** Charges as OpenAPI path items, as payments publishes them. */

const problems = tokenProblems

export const chargeOperations = {
  '/charges': {
    post: {
      operationId: 'createCharge',
      summary: 'Charge for an order: once, however often it is asked',
      security: bearer('charges:write'),
      requestParams: {
        header: z.object({
          [IDEMPOTENCY_KEY_HEADER]: idSchema.meta({ description: 'The id of the order, as in the body' }),
        }),
      },
      requestBody: jsonBody(chargeRequestSchema),
      responses: {
        201: json('Charged or declined, as `status` says; for good', chargeSchema),
        202: {
          ...json('Charged or not is not known yet: repeat the request, or get the charge', chargeSchema),
          headers: retryAfterHeader,
        },
        422: problem('There is a charge for this order already, of another amount or another token'),
        ...bodyProblems,
        ...problems,
      },
    },
  },
  '/charges/{chargeId}': {
    get: {
      operationId: 'getCharge',
      summary: 'One charge',
      security: bearer('charges:write'),
      requestParams: { path: z.object({ chargeId: idSchema }) },
      responses: {
        200: json('The charge', chargeSchema),
        404: problem('There is none with this id'),
        ...problems,
      },
    },
  },
} satisfies ZodOpenApiPathsObject
